"""Sets of classes that hold the true one with a chosen probability: `prediction_sets`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import audited_labels, plain
from labelworks.flows.notebook.inputs.columns import in_order, length, matrix
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.prior import Prior
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.arrays import rows_of
from labelworks.tasks.methods.audit.audited import Audited
from labelworks.tasks.methods.inference.prediction_sets import fit_set_thresholds

Probs = NDArray[np.floating]


@dataclass(frozen=True, eq=False, repr=False)
class PredictionSets(Shown):
    """Sets of N rows over K classes, given by `prediction_sets`.

    Attributes
    ----------
    classes : ndarray of shape (K,)
        The classes, in the order of the others.
    members : ndarray of shape (N, K), bool
        Which classes are in the set of each row; of a row that is like no class, none.
    thresholds : ndarray of shape (K,)
        From which probability on a class is in a set.
    coverage : float
        What share of the rows has its true class in its set, as far as the posterior is right.
    """

    classes: NDArray[Any]
    members: NDArray[np.bool_]
    thresholds: NDArray[np.float64]
    coverage: float
    index: pd.Index

    def to_pandas(self) -> pd.DataFrame:
        """A row a row, with its classes and how many they are."""
        names = np.asarray(self.classes, object)
        sets = pd.Series([plain(names[row]) for row in self.members], self.index, dtype=object)
        return pd.DataFrame({"prediction_set": sets, "size": self.members.sum(axis=1)}, self.index)

    @property
    def summary(self) -> str:
        """How large they are, in a line."""
        sizes = self.members.sum(axis=1)
        one = f"{percent(float((sizes == 1).mean()))} of one class"
        rows = several(len(sizes), "row")
        return f"sets of {rows}: {sizes.mean():.2f} classes in the mean, {one}, for {percent(self.coverage)}"


def prediction_sets(
    findings: LabelErrors,
    pred_probs: Any = None,
    target_pred_probs: Any = None,
    *,
    coverage: float = 0.9,
    by_class: bool = False,
    prior: Prior | None = None,
    audited: tuple[Any, Any] | None = None,
    shown: Any = None,
) -> PredictionSets:
    """Give each row a set of classes that holds the true one with a chosen probability.

    Parameters
    ----------
    findings : LabelErrors
        What `find_label_errors` found of the labels: a label that is probably wrong doesn't make sets larger.
    pred_probs : array-like of shape (N, K), optional
        By a model of yours, of the rows of the findings, out of sample. Left out, sets go by the posterior of
        the findings, which knows the given labels too: sets of what the true labels may be.
    target_pred_probs : array-like of shape (M, K), optional
        By the same model, of new rows, whose sets you want; left out, sets are of the rows of the findings.
    coverage : float, default 0.9
        The share of rows whose true class is to be in their set.
    by_class : bool, default False
        Within each class, not only on the whole (Mondrian).
    prior : Prior, optional
        What `estimate_prior` found of the window of the new rows: coverage then holds there.
    audited : tuple of two array-likes of shape (n,), optional
        Numbers of rows of the findings that people looked at, and their right labels: they put right what the
        posterior gets wrong. With 500 the coverage comes within about .02.
    shown : array-like of shape (n,), optional
        The probability with which each was chosen, as `sample_audit` gives it.

    Returns
    -------
    PredictionSets
        `.members`, `.thresholds`; `.to_pandas()` has a row a row.

    Raises
    ------
    InputError
        Rows are no distributions, or shapes don't fit.
    ConfigError
        A coverage that is none; findings without a posterior; new rows without `pred_probs` of the old ones;
        `by_class` and `audited` at once.

    Notes
    -----
    Without audited rows the coverage is as right as the posterior. Sources: Sadinle, Lei & Wasserman (2019),
    sets by the probability of a class; Vovk (2003), within classes; Einbinder et al. (2022), noisy labels;
    Podkopaev & Ramdas (2021), label shift.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 3, 2000)
    >>> features = 2 * np.eye(3)[true] + rng.normal(size=(2000, 3))
    >>> labels = np.where(rng.random(2000) < 0.2, (true + 1) % 3, true)
    >>> found = lw.find_label_errors(labels, features=features)
    >>> sets = lw.prediction_sets(found)
    >>> bool(0.87 < sets.members[np.arange(2000), true].mean() < 0.94)
    True
    """
    if findings.posterior is None:
        fix = "call find_label_errors with posterior=True, its default"
        raise ConfigError("findings have no posterior", where="findings", fix=fix)
    if pred_probs is None and target_pred_probs is not None:
        raise ConfigError(
            "new rows are given, and no probabilities by the same model of the rows of the findings",
            where="prediction_sets",
            fix="give pred_probs= too",
        )
    known = findings.posterior if pred_probs is None else _probs(pred_probs, "pred_probs", findings)
    length("pred_probs", len(known), len(findings.labels), "findings")
    new = known if target_pred_probs is None else _probs(target_pred_probs, "target_pred_probs", findings)
    thresholds = fit_set_thresholds(
        known,
        findings.posterior,
        coverage=coverage,
        by_class=by_class,
        class_weights=None if prior is None else _of_classes(prior, findings),
        **({} if audited is None else _answers(audited, shown, findings)),
    )
    index = findings.index if target_pred_probs is None else pd.RangeIndex(len(new))
    return PredictionSets(findings.classes, thresholds.sets(new), thresholds.least, coverage, index)


def _probs(values: Any, name: str, findings: LabelErrors) -> Probs:
    given = in_order(matrix(values, name), plain(findings.classes), name)
    length(f"a row of {name}", given.shape[1] if given.ndim == 2 else 1, len(findings.classes), "classes")
    return rows_of(given, name)


def _of_classes(prior: Prior, findings: LabelErrors) -> NDArray[np.float64]:
    if prior.classes.tolist() != findings.classes.tolist():
        fix = "estimate it with the same labels and classes"
        raise ConfigError("prior is of other classes", where="prediction_sets(prior=…)", fix=fix)
    return prior.weights


def _answers(audited: tuple[Any, Any], shown: Any, findings: LabelErrors) -> dict[str, Any]:
    """What people said of rows, without those of no class: no set holds theirs."""
    rows, codes, chance = audited_labels(audited, shown, findings.classes)
    looked = Audited.checked(rows, codes, chance, len(findings.labels))
    kept = codes >= 0
    return {"audited": (looked.rows[kept], codes[kept]), "shown": None if chance is None else chance[kept]}
