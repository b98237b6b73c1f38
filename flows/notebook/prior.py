"""What the class mix of an unlabelled window is: `estimate_prior`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import Labels, coded, plain
from labelworks.flows.notebook.inputs.columns import aligned, in_order, length, matrix
from labelworks.flows.notebook.inputs.out_of_sample import checked_windows, fitted_probes, row_folds
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.label_shift import estimate_prior as estimated
from labelworks.tasks.methods.statistics.float16 import single

Probs = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Prior(Shown):
    """Class shares of a target window over K classes, given by `estimate_prior`.

    Attributes
    ----------
    classes : ndarray of shape (K,)
        The classes, in the order of the others.
    prior, source_prior : ndarray of shape (K,)
        Shares of the target and of the source; each sums to 1.
    weights : ndarray of shape (K,)
        prior / source prior: what a labelled row of a class counts for in the target.
    interval : ndarray of shape (K, 2)
        Of the prior, at 95 %.
    method : str
        The method that found them.
    notes : tuple of str
        What had to be given up, in words.
    """

    classes: NDArray[Any]
    prior: NDArray[np.float64]
    weights: NDArray[np.float64]
    interval: NDArray[np.float64]
    source_prior: NDArray[np.float64]
    method: str
    notes: tuple[str, ...]

    def to_pandas(self) -> pd.DataFrame:
        """A row a class, under its name."""
        columns = {
            "source_prior": self.source_prior,
            "prior": self.prior,
            "low": self.interval[:, 0],
            "high": self.interval[:, 1],
            "weight": self.weights,
        }
        return pd.DataFrame(columns, pd.Index(self.classes, name="class"))

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        moved = np.abs(self.prior - self.source_prior).sum() / 2
        most = int(np.abs(self.prior - self.source_prior).argmax())
        one = f"{self.classes[most]} {percent(self.source_prior[most])} → {percent(self.prior[most])}"
        notes = "".join(f"; {note}" for note in self.notes)
        return f"{percent(moved)} of the mix moved, most of all {one}, by {self.method}{notes}"

    @property
    def _rows(self) -> pd.DataFrame:
        apart = np.abs(self.prior - self.source_prior)
        return self.to_pandas().iloc[np.argsort(-apart, kind="stable")]


def estimate_prior(
    labels: Any,
    pred_probs: Any = None,
    target_pred_probs: Any = None,
    method: str = "auto",
    *,
    features: Any = None,
    target_features: Any = None,
    classes: Sequence[Any] | None = None,
    noise: LabelErrors | None = None,
) -> Prior:
    """Estimate the class mix of an unlabelled window: label shift, with the classes looking as they did.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Labels of the source, as for `find_label_errors`.
    pred_probs, target_pred_probs : array-like of shape (N, K) and (M, K), optional
        Probabilities by one model, of the source out of sample, and of the target. Left out, they are made
        from `features` and `target_features` by the probes of a run.
    method : str, default "auto"
        A method of kind `prior` in `labelworks.methods()`.
    features, target_features : array-like of shape (N, D) and (M, D), optional
        Embeddings of both windows by one encoder.
    classes : sequence of length K, optional
        Which class each column is of; by default as in `find_label_errors`.
    noise : LabelErrors, optional
        What `find_label_errors` found of the same labels: the mix is then that of the true labels.

    Returns
    -------
    Prior
        Shares, intervals and weights; `.to_pandas()` has a row a class.

    Raises
    ------
    InputError
        Rows are no distributions, shapes don't fit, a label is missing or no class: `where` names the row.
    ConfigError
        An unknown method, or one that estimates no prior; windows are given neither as probabilities nor as
        features.

    Notes
    -----
    Sources: Saerens, Latinne & Decaestecker (2002), maximum likelihood; Alexandari, Kundaje & Shrikumar
    (2020), its calibration; `labelworks.methods()` gives those of the other methods.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> labels = np.array(["cat", "dog"])[rng.integers(0, 2, 400)]
    >>> features = np.where(labels == "dog", 4, 0)[:, None] + rng.normal(size=(400, 1))
    >>> target = np.where(rng.random(400) < 0.9, 4, 0)[:, None] + rng.normal(size=(400, 1))
    >>> found = lw.estimate_prior(labels, features=features, target_features=target)
    >>> found.to_pandas()["prior"].round(1).to_dict()
    {'cat': 0.1, 'dog': 0.9}
    """
    given, source, target = (
        _made(labels, features, target_features, classes)
        if pred_probs is None and target_pred_probs is None
        else _own(labels, pred_probs, target_pred_probs, classes)
    )
    if noise is not None and noise.classes.tolist() != given.classes.tolist():
        raise InputError(
            "noise is of other classes", where="noise", fix="find it on the same labels and classes"
        )
    transition = None if noise is None else noise.transition
    estimate = estimated(given.codes, source, target, method=method, noise_transition=transition)
    return Prior(
        classes=given.classes,
        prior=estimate.prior,
        weights=estimate.weights,
        interval=estimate.interval,
        source_prior=estimate.source_prior,
        method=estimate.method,
        notes=estimate.notes,
    )


def _own(
    labels: Any, pred_probs: Any, target: Any, classes: Sequence[Any] | None
) -> tuple[Labels, Probs, Probs]:
    """Probabilities of the user's model; a target table's columns in the order of the source's."""
    if pred_probs is None or target is None:
        raise _missing()
    source, current = matrix(pred_probs, "pred_probs"), matrix(target, "target_pred_probs")
    given = coded(labels, source, classes)
    length("pred_probs", len(source.values), len(given.codes))
    aligned(given.index, source.index, "labels and pred_probs")
    order = plain(given.classes) if source.names is None else source.names
    return given, source.values, in_order(current, order, "target_pred_probs")


def _made(
    labels: Any, features: Any, target: Any, classes: Sequence[Any] | None
) -> tuple[Labels, Probs, Probs]:
    """Probabilities by the probes: of the source without each row's fold, of the target by all rows."""
    if features is None or target is None:
        raise _missing()
    given, source, current = checked_windows(labels, features, target, classes)
    probes = fitted_probes(source.values, given.codes, len(given.classes))
    folds = row_folds(len(given.codes))
    return (
        given,
        np.exp(probes.log_probs(single(source.values), folds)),
        np.exp(probes.log_probs(single(current.values))),
    )


def _missing() -> ConfigError:
    return ConfigError(
        "both windows are needed",
        where="estimate_prior",
        fix="give pred_probs= and target_pred_probs= of one model, or features= and target_features=",
    )
