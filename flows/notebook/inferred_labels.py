"""One label a row of whatever was observed of it: `infer_labels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.columns import column, length
from labelworks.flows.notebook.inputs.observed import index_of, kinds_of, marks_of, said_of
from labelworks.flows.notebook.inputs.out_of_sample import row_folds, telling_features
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.treatment.imprecise.core.infer import infer


@dataclass(frozen=True, eq=False, repr=False)
class InferredLabels(Shown):
    """Labels of N rows over K classes, given by `infer_labels`.

    Attributes
    ----------
    labels, confidence : ndarray of shape (N,)
        The likeliest class of each row, and P(it is right).
    kinds : ndarray of shape (N,)
        How each row was read.
    classes : ndarray of shape (K,)
        The classes, in the order of `posterior`.
    posterior : ndarray of shape (N, K), float32
        P(class); above 256 classes a sparse array of the 32 largest a row.
    log_likelihood : float
        Mean log P(observed) of a row with a label, by probes that never saw its fold.
    """

    labels: NDArray[Any]
    confidence: NDArray[np.float32]
    kinds: NDArray[Any]
    classes: NDArray[Any]
    posterior: Any = field(repr=False)
    log_likelihood: float
    index: pd.Index = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a row, with its label, how sure that is, and how it was told."""
        columns = {"label": self.labels, "confidence": self.confidence, "kind": self.kinds}
        return pd.DataFrame(columns, self.index)

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        kinds = ", ".join(f"{int((self.kinds == kind).sum()):,} {kind}" for kind in sorted(set(self.kinds)))
        return (
            f"{several(len(self.labels), 'label')} ({kinds}), {percent(float(self.confidence.mean()))} sure"
        )

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values("confidence", kind="stable")


def infer_labels(
    observed: Any,
    kind: Any,
    features: Any,
    *,
    classes: Sequence[Any] | None = None,
    bags: Any = None,
    transition: Any = None,
    propensity: Any = None,
) -> InferredLabels:
    """Make one label a row of imprecise ones: partial, complementary, soft, voted, of bags, or none at all.

    Parameters
    ----------
    observed : sequence of length N
        What was said of each row: a class, a list of classes, a dictionary of classes and their shares or
        counts, None for nothing. Or an array (N, K) of numbers in the order of `classes`.
    kind : str or array-like of shape (N,)
        How that is meant, for all rows or for each, by a name of kind `label_kind` in
        `labelworks.methods()`:

        - single: the class of the row
        - candidates: classes of which one is right
        - complementary: classes of which none is right
        - soft: a distribution
        - votes: answers, or how many each class got, of voters who aren't told apart
        - rules: P(votes of the rules | class), as a label model gives it
        - bags: the shares or counts of the classes in the row's bag
        - single-positive: a class, of rows some of which are labelled; at least one class never is
        - none: nothing, and so is every other row that says nothing, but of single-positive
    features : array-like of shape (N, D)
        Vectors of the rows.
    classes : sequence of length K, optional
        The classes; by default those that occur, sorted.
    bags : array-like of shape (N,), optional
        The bag of each row, of rows of kind bags; all rows of a bag must be there.
    transition : array-like of shape (K, K), optional
        P(given | true) of labels of kind single, a row a true class; by default they are right.
    propensity : array-like of shape (K,), optional
        P(labelled | class) of kind single-positive; by default it is estimated.

    Returns
    -------
    InferredLabels
        Labels, confidence and posterior; `.to_pandas()` has a row a row.

    Raises
    ------
    InputError
        A row can't be read, leaves no class, or nothing is labelled.
    ConfigError
        An unknown kind, or bags are missing.

    Notes
    -----
    Sources: EM (Dempster, Laird & Rubin 1977) by linear probes that never see a row's own fold; Sinkhorn
    (1967) for bags; for rows without a label pseudo-labels by class and confidence (Cascante-Bonilla et al.
    2021), as far as hidden labels are foretold better by them. Each kind assumes something that features
    can't show: `labelworks.methods("label_kind")` says what. Of bags the posterior is of least divergence,
    which is less sure than it could be.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 3, 300)
    >>> features = 4 * np.eye(3)[true] + rng.normal(size=(300, 3))
    >>> names = np.array(["cat", "dog", "owl"])
    >>> partial = [{names[k], names[rng.integers(0, 3)]} for k in true]
    >>> found = lw.infer_labels(partial, "candidates", features)
    >>> bool((found.labels == names[true]).mean() > 0.95)
    True
    >>> few = np.where(np.arange(300) < 60, names[true], None)
    >>> found = lw.infer_labels(few, "single", features)
    >>> found.kinds[[0, 299]].tolist()
    ['single', 'none']
    >>> bool((found.labels == names[true]).mean() > 0.95)
    True
    """
    values = said_of(observed, kind, classes)
    kinds = kinds_of(kind, values)
    marks, order = marks_of(values, classes)
    given = telling_features(features, len(values))
    options: dict[str, dict[str, Any]] = {}
    if transition is not None:
        options["single"] = {"transition": np.asarray(transition, np.float64)}
    if propensity is not None:
        options["single-positive"] = {"propensity": np.asarray(propensity, np.float64)}
    config, folds = DetectConfig(), row_folds(len(values))
    inferred = infer(
        marks, kinds, given.values, folds, config.folds, probes=config.probes, bags=_bags(bags, len(values)),
        options=options,
    )  # fmt: skip
    best = np.asarray(inferred.posterior.argmax(axis=1)).ravel()
    return InferredLabels(
        labels=order[best],
        confidence=_largest(inferred.posterior),
        kinds=kinds,
        classes=order,
        posterior=inferred.posterior,
        log_likelihood=inferred.score,
        index=index_of(observed, len(values)),
    )


def _largest(posterior: Any) -> NDArray[np.float32]:
    largest = posterior.max(axis=1)
    return np.asarray(largest.toarray() if hasattr(largest, "toarray") else largest, np.float32).ravel()


def _bags(bags: Any, rows: int) -> NDArray[np.int64] | None:
    if bags is None:
        return None
    given = column(bags, "bags")
    length("bags", len(given), rows, "observed")
    return np.asarray(pd.factorize(given)[0], np.int64)
