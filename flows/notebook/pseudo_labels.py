"""Labels for rows of a window that has none, as many as are surely enough right: `pseudo_labels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import Labels
from labelworks.flows.notebook.inputs.out_of_sample import checked_windows, fitted_probes, row_folds
from labelworks.flows.notebook.label_errors import LabelErrors
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.findings.pseudo_labels import pseudo_labeller
from labelworks.tasks.methods.findings.target import TargetFindings, shift_findings
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.label_shift.pseudo import KnownNoise, LabelledWindow
from labelworks.tasks.methods.label_shift.pseudo.views import UNLABELLED
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import shift_options


@dataclass(frozen=True, eq=False, repr=False)
class PseudoLabels(Shown):
    """Labels of M rows that nobody gave, by `pseudo_labels`.

    Attributes
    ----------
    labels : ndarray of shape (M,), object
        The class of each row; None where it abstains.
    predicted : ndarray of shape (M,)
        The likeliest class at the window's class mix, of every row.
    claim : ndarray of shape (M,), float32
        P(predicted is right), if classes look in the window as they do in the labelled rows; 0 where it
        abstains altogether.
    precision, interval : float or None, tuple of float or None
        Of labelled rows whose labels were hidden, the share that the same rule labels rightly at the window's
        class mix, and its interval at 95 %.
    kind : str
        The kind of shift that was found.
    why_none : str
        Why no row was labelled.
    """

    labels: NDArray[Any]
    predicted: NDArray[Any]
    claim: NDArray[np.float32]
    precision: float | None
    interval: tuple[float, float] | None
    kind: str
    why_none: str
    index: pd.Index = field(repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """A row a row of the window."""
        columns = {"label": self.labels, "predicted": self.predicted, "claim": self.claim}
        return pd.DataFrame(columns, self.index)

    @property
    def summary(self) -> str:
        """What was found, in a line."""
        taken = np.array([label is not None for label in self.labels], np.bool_)
        if self.why_none or not taken.any():
            return f"no row was labelled: {self.why_none or 'none is surely enough right'}"
        given = f"{several(int(taken.sum()), 'row')} of {len(taken):,} labelled"
        return f"{given}, {percent(float(self.claim[taken].mean()))} of them claimed to be right"

    @property
    def _rows(self) -> pd.DataFrame:
        return self.to_pandas().sort_values("claim", ascending=False, kind="stable")


def pseudo_labels(
    labels: Any,
    features: Any,
    target_features: Any,
    *,
    precision: float = 0.95,
    classes: Sequence[Any] | None = None,
    noise: LabelErrors | None = None,
) -> PseudoLabels:
    """Label rows of an unlabelled window, by class the surest first, as far as a share of them is right.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Labels of the source, as for `find_label_errors`.
    features, target_features : array-like of shape (N, D) and (M, D)
        Embeddings of both windows by one encoder.
    precision : float, default 0.95
        The share of the labels given that is to be right.
    classes : sequence of length K, optional
        The classes; by default those that occur.
    noise : LabelErrors, optional
        What `find_label_errors` found of the same labels. Without it they are taken for right: of noisy ones
        claims are then too small.

    Returns
    -------
    PseudoLabels
        Labels, None where it abstains, and what is claimed of each; `.to_pandas()` has a row a row.

    Raises
    ------
    InputError
        Shapes don't fit, values are not finite, there is one class only.
    ConfigError
        precision is no share.

    Notes
    -----
    Assumes label shift: that classes look in the window as they do in the labelled rows. Where that is not so
    (`.kind` is covariate or both), and of fewer than 100 rows, none is labelled. Rows likely of no known
    class are left out. Sources: Cascante-Bonilla et al. (2021), percentiles that grow; Zhang et al. (2021), a
    threshold a class. What is claimed is learnt from labels that were hidden.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> labels = np.array(["cat", "dog"])[rng.integers(0, 2, 400)]
    >>> features = np.where(labels == "dog", 3, 0)[:, None] + rng.normal(size=(400, 1))
    >>> hidden = np.array(["cat", "dog"])[(rng.random(400) < 0.8).astype(int)]
    >>> target = np.where(hidden == "dog", 3, 0)[:, None] + rng.normal(size=(400, 1))
    >>> found = lw.pseudo_labels(labels, features, target, precision=0.97)
    >>> taken = found.to_pandas()["label"].notna()
    >>> bool((found.labels == hidden)[taken].mean() > 0.96 and taken.mean() > 0.5)
    True
    """
    if not 0 < precision < 1:
        raise ConfigError(f"precision is {precision}", where="precision", fix="give a share, such as 0.95")
    given, source, target, index = _windows(labels, features, target_features, classes)
    noisy, probes = _noisy(given, noise), fitted_probes(source.features, given.codes, len(given.classes))
    known = LabelledWindow(source.features, given.codes, _probs(probes, source), source.folds, noisy)
    probs = _probs(probes, target)
    shift = _shift(known, source, target, probs)
    labeller, facts = pseudo_labeller(known, target, probes, shift, precision)
    posterior = correct(probs, shift.prior).posterior
    codes, claims = np.full(len(posterior), UNLABELLED, np.int32), np.zeros(len(posterior), np.float32)
    if labeller is not None and shift.unknown is not None:
        codes, claims = labeller.label(target.features, posterior, shift.unknown.posterior)
    named = given.classes.astype(object)[np.maximum(codes, 0)]
    named[codes == UNLABELLED] = None
    return PseudoLabels(
        labels=named,
        predicted=given.classes[posterior.argmax(axis=1)],
        claim=claims,
        precision=facts.precision,
        interval=None if labeller is None or facts.precision is None else labeller.interval,
        kind=shift.findings.kind or "",
        why_none=facts.why_none,
        index=index,
    )


def _windows(
    labels: Any, features: Any, target: Any, classes: Sequence[Any] | None
) -> tuple[Labels, Sample, Sample, pd.Index]:
    """Labels, and rows of both windows; no label is known of the second, whose index comes last."""
    given, source, window = checked_windows(labels, features, target, classes)
    known, unlabelled = given.codes.astype(np.int32), np.zeros(len(window.values), np.int32)
    return (
        given,
        Sample(single(source.values), known, row_folds(len(known))),
        Sample(single(window.values), unlabelled, row_folds(len(unlabelled))),
        pd.RangeIndex(len(unlabelled)) if window.index is None else window.index,
    )


def _noisy(given: Labels, noise: LabelErrors | None) -> KnownNoise | None:
    if noise is None:
        return None
    if noise.classes.tolist() != given.classes.tolist() or len(noise.labels) != len(given.codes):
        raise InputError(
            "noise is of other labels", where="noise", fix="find it on the same labels and classes"
        )
    if noise.posterior is None:
        raise InputError(
            "noise has no posterior", where="noise", fix="call find_label_errors with posterior=True"
        )
    return KnownNoise(noise.posterior, noise.transition)


def _probs(probes: ProbeEnsemble, rows: Sample) -> NDArray[np.float32]:
    return np.asarray(np.exp(probes.log_probs(rows.features, rows.folds)), np.float32)


def _shift(
    known: LabelledWindow, source: Sample, target: Sample, probs: NDArray[np.float32]
) -> TargetFindings:
    """What a run finds of both windows, by its usual methods."""
    detect = DetectConfig()
    sums = FoldSums.of(source.features, source.given, source.folds, detect.folds, known.probs.shape[1])
    without = [sums.without(fold) for fold in range(detect.folds)]
    novelty = tuple(novelty_by_fold(without, rows.features, rows.folds) for rows in (source, target))
    return shift_findings(
        source, known.probs, target, probs, known.transition, shift_options(detect),
        (novelty[0], novelty[1]), [str(row) for row in range(len(target.given))],
        posterior=None if known.noisy is None else known.noisy.posterior,
    )  # fmt: skip
