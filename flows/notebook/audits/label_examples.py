"""Labelling instructions by example: `choose_examples`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labelworks.flows.notebook.inputs.classes import coded, plain
from labelworks.flows.notebook.inputs.out_of_sample import checked_features
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.examples.coverage import examples

OF_A_CLASS = 600  # rows that are looked at: all with all


@dataclass(frozen=True, eq=False, repr=False)
class LabelExamples(Shown):
    """Rows that show what classes are, given by `choose_examples`.

    Attributes
    ----------
    rows : DataFrame
        Under their index: `label`, `kind` (typical or borderline), `other`, the likeliest other class, and
        `probability` of that.
    coverage : dict
        By class how like a typical row its rows are on average, 0 to 1.
    """

    rows: pd.DataFrame
    coverage: dict[Any, float]

    def to_pandas(self) -> pd.DataFrame:
        """A row an example."""
        return self.rows

    @property
    def summary(self) -> str:
        """What was chosen, in a line."""
        return f"{several(len(self.rows), 'example')} of {len(self.coverage):,} classes"


def choose_examples(
    findings: LabelErrors, features: Any, *, typical: int = 3, borderline: int = 3, seed: int = 0
) -> LabelExamples:
    """Choose rows that show what each class is: for labelling instructions, or for the prompt of a model.

    Parameters
    ----------
    findings : LabelErrors
        What `find_label_errors` found; rows whose label is flagged are no examples.
    features : array-like of shape (N, D)
        Vectors of the rows.
    typical, borderline : int, default 3
        How many of each class: typical rows are chosen so that every row of the class is like one of them,
        borderline ones are almost of another class.
    seed : int, default 0
        Of a class at most 600 rows are looked at, drawn by it.

    Returns
    -------
    LabelExamples
        `.rows`, typical ones first in each class.

    Raises
    ------
    InputError
        Lengths differ, or features are no finite numbers.
    ConfigError
        Findings without a posterior, or fewer than one example asked for.

    Notes
    -----
    They show how labels are used, not how they should be: look through them before others label by them.
    Source of the choice by coverage: Lin & Bilmes (2011).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 400)
    >>> features = 3 * np.eye(2)[true] + rng.normal(size=(400, 2))
    >>> labels = np.array(["cat", "dog"])[true]
    >>> found = lw.find_label_errors(labels, features=features)
    >>> lw.choose_examples(found, features, typical=2, borderline=0).rows["label"].tolist()
    ['cat', 'cat', 'dog', 'dog']
    """
    if findings.posterior is None:
        fix = "call find_label_errors with posterior=True, its default"
        raise ConfigError("findings have no posterior", where="findings", fix=fix)
    if typical < 1 or borderline < 0:
        raise ConfigError(
            f"typical is {typical}, borderline {borderline}", where="choose_examples", fix="ask for one"
        )
    classes = plain(findings.classes)
    given = coded(findings.labels, None, classes).codes
    vectors = np.asarray(checked_features(features, len(given)).values)
    tables, coverage, rng = list[pd.DataFrame](), dict[Any, float](), np.random.default_rng(seed)
    for code, name in enumerate(classes):
        shares = findings.posterior
        rows = np.flatnonzero((given == code) & ~findings.flag & (shares.argmax(axis=1) == code))
        if not len(rows):
            continue
        rows = np.sort(rng.permutation(rows)[:OF_A_CLASS])
        others = np.array(shares[rows], np.float64)
        others[:, code] = -1
        best = others.argmax(axis=1)
        chance = np.maximum(others.max(axis=1), 0)
        chosen = examples(vectors[rows], shares[rows, code], chance, typical=typical, borderline=borderline)
        coverage[name] = chosen.coverage
        at = np.concatenate([chosen.typical, chosen.borderline])
        kind = ["typical"] * len(chosen.typical) + ["borderline"] * len(chosen.borderline)
        other = [classes[best[place]] for place in at]
        columns = {"label": name, "kind": kind, "other": other, "probability": chance[at]}
        tables.append(pd.DataFrame(columns, findings.index[rows[at]]))
    nothing = pd.DataFrame({"label": [], "kind": [], "other": [], "probability": []}, findings.index[:0])
    return LabelExamples(pd.concat(tables) if tables else nothing, coverage)
