"""Which classes are classes of their own: `audit_classes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from labelworks.flows.notebook.inputs.classes import names, plain
from labelworks.flows.notebook.inputs.columns import column
from labelworks.flows.notebook.inputs.label_sets import label_sets
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import ConfusedPair
from labelworks.tasks.methods.findings.confusions import top_confusions
from labelworks.tasks.methods.label_space import ClassFinding, audit, proposal

CONFUSED = 0.05  # of a class's rows given as another, at least, to be looked at


@dataclass(frozen=True, eq=False, repr=False)
class ClassAudit(Shown):
    """What was seen of the classes, given by `audit_classes`.

    Attributes
    ----------
    findings : list of ClassFinding
        Each with `kind`, `names`, `rows`, `reason`; those that are likely one class first.
    mapping : dict
        The class that each likely duplicate becomes: for `dataset.class_mapping`, or `labels.replace`.
    doubtful : dict
        The same for those of which names or confusions alone don't tell: look at their rows first.
    """

    findings: list[ClassFinding]
    mapping: dict[Any, Any]
    doubtful: dict[Any, Any]

    def to_pandas(self) -> pd.DataFrame:
        """A row a finding."""
        rows = [
            (finding.kind, finding.names, finding.rows, finding.reason, finding.likely)
            for finding in self.findings
        ]
        return pd.DataFrame(rows, columns=["kind", "classes", "rows", "reason", "likely"])

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        more = f"{len(self.doubtful):,} more to look at"
        counted = several(len(self.findings), "finding")
        return f"{counted}; proposed to become another class: {len(self.mapping):,}, {more}"


def audit_classes(
    labels: Any, findings: LabelErrors | None = None, *, classes: Sequence[Any] | None = None
) -> ClassAudit:
    """Look at the classes themselves: which are one under two names, overlap, imply another, are empty.

    Parameters
    ----------
    labels : array-like of shape (N,), lists, binary matrix, or dict
        The labels of a dataset; of rows with several a list each, or a binary matrix (N, K). Or rows by class
        (a dictionary or the `value_counts()` of a Series).
    findings : LabelErrors, optional
        What `find_label_errors` found of these labels: for classes that are given for each other.
    classes : sequence, optional
        The classes that there should be: those that no row has are named.

    Returns
    -------
    ClassAudit
        `.mapping` is what names alone tell: ways of writing, plurals, and rare names that are a slip of a
        common one. Nothing is changed.

    Raises
    ------
    InputError
        A label is missing or no class: `where` names the row.

    Notes
    -----
    Sources: slips are compared as in Mor & Fraenkel (1982); which labels imply or exclude each other is told
    by the intervals of Clopper & Pearson (1934), shared by all pairs.

    Examples
    --------
    >>> import labelworks as lw
    >>> labels = ["cards"] * 40 + ["Cards"] * 3 + ["Transfers"] * 30 + ["Tranfers"]
    >>> lw.audit_classes(labels).mapping
    {'Cards': 'cards', 'Tranfers': 'Transfers'}
    """
    counts, together, rows = _counted(labels)
    confusions = _confusions(findings) if findings is not None else ()
    audited = audit(counts, listed=plain(classes or ()), confusions=confusions, together=together, rows=rows)
    proposed = proposal(audited, {})
    sure = {entry.name: entry.become for entry in proposed if entry.sure}
    doubtful = {entry.name: entry.become for entry in proposed if not entry.sure}
    return ClassAudit(audited, sure, doubtful)


def _counted(labels: Any) -> tuple[Counter[Any], Counter[tuple[Any, Any]] | None, int]:
    """Rows by class; of rows with several labels how many have both of a pair; all rows."""
    if isinstance(labels, Mapping) and all(np.ndim(label) == 0 for label in labels.values()):
        counts = Counter({name: int(rows) for name, rows in labels.items()})
        return counts, None, counts.total()
    if _several(labels):
        sets = label_sets(labels)
        named, cells = sets.classes.tolist(), sets.matrix.astype(np.int64)
        counts = Counter(dict(zip(named, cells.sum(axis=0).tolist(), strict=True)))
        both = sparse.triu(cells.T @ cells, k=1).tocoo()
        pairs = zip(both.row.tolist(), both.col.tolist(), both.data.tolist(), strict=True)
        return counts, Counter({(named[one], named[two]): rows for one, two, rows in pairs}), len(sets.index)
    given = column(labels, "labels")
    if not len(given):
        raise InputError("no rows", where="labels", fix="give at least one row")
    counts = Counter(plain(names(given)))
    return counts, None, len(given)


def _several(labels: Any) -> bool:
    """Whether a row may have several labels."""
    if sparse.issparse(labels) or getattr(labels, "ndim", 1) == 2:
        return True
    if hasattr(labels, "iloc"):
        return len(labels) > 0 and not isinstance(labels.iloc[0], str) and np.iterable(labels.iloc[0])
    return isinstance(labels, list) and bool(labels) and isinstance(labels[0], list | tuple | set)


def _confusions(found: LabelErrors) -> list[ConfusedPair]:
    """All that the audit looks at of a transition (K, K)."""
    classes = tuple(plain(found.classes))
    return top_confusions(found.transition, classes, len(classes) ** 2, CONFUSED)
