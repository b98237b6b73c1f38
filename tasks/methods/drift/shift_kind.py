"""Which kind of shift is it, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.drift.base import DriftTest, drift_test, pair
from labelworks.tasks.methods.drift.count_tests import compare
from labelworks.tasks.methods.label_shift.confusion import inverse_transition
from labelworks.tasks.methods.label_shift.estimator import estimate
from labelworks.tasks.methods.label_shift.inputs import Windows, check
from labelworks.tasks.methods.label_shift.result import PriorEstimate
from labelworks.tasks.methods.open_set.estimate import OpenSet

ADVICE = {
    "neither": "use the model as it is",
    "label": "reweight the labelled rows by the new prior, or correct the posteriors by it",
    "covariate": "the same classes look different: label some target rows and retrain",
    "both": "reweighting explains only part of it: label some target rows, then estimate the prior again",
    "open-set": "the target holds classes that no label names: look at its new rows, name and label some",
}
QUESTIONS = 2  # that a kind is the answer to


@dataclass(frozen=True)
class ShiftKind:
    """`kind`: neither, label, covariate, both or open-set; `advice` in words.

    `moved`: test of the target against the labelled window; `explained`: of the target against labelled rows
    drawn again at the estimated prior: what drifts there, a new class mix can't explain. `prior`: estimate.
    `known` (M,): target rows that are taken to be of known classes; all of them but of the kind open-set.
    """

    kind: str
    advice: str
    moved: DriftTest
    explained: DriftTest
    prior: PriorEstimate
    known: NDArray[np.bool_]


@registry.register(
    "shift_kind",
    "kind",
    needs=("labels", "probs", "features", "target_probs", "target_features"),
    source="Rabanser 2019",
)
def which_kind(
    labels: ArrayLike, probs: ArrayLike, features: ArrayLike,
    target_probs: ArrayLike, target_features: ArrayLike,
    *, noise_transition: ArrayLike | None = None, posterior: NDArray[np.floating] | None = None,
    unknown: OpenSet | None = None, drift: str = "auto", alpha: float = 0.05, effect: float = 0.05,
) -> ShiftKind:  # fmt: skip
    """Name the shift between a labelled and a target window, by whether the label-shift mixture explains it.

    labels (N,), probs (N, K), features (N, D); target_probs (M, K), target_features (M, D). drift: name of
    the test. Two windows of one distribution are called anything but neither with a chance of `alpha` at
    most: each of the two questions, of the mix and of what no mix explains, is asked at half of it
    (Bonferroni), and what is below an `effect` doesn't count. No mix: neither the estimated one nor the
    source's own, for an estimate may err, of rare classes above all. unknown: what open_set says of these
    windows: where there surely are unknown rows, the kind is open-set, unless a drift stays without them.
    (That errs by a chance of .01 more at most.)
    posterior (N, K): P(true class) of the labelled rows, where labels are noisy: by it they are drawn again.
    Raises InputError on bad rows, ConfigError on an unknown test.
    """
    windows = check(labels, probs, target_probs, noise_transition)
    reference, current = pair(features, target_features)
    test = partial(drift_test(drift), alpha=alpha / QUESTIONS)

    def counts(found: DriftTest) -> bool:
        return found.drifted and found.effect >= effect

    moved = drift_test(drift)(reference, current, alpha)
    prior, known = estimate("auto", windows), np.ones(len(current), dtype=np.bool_)
    explained = _explained(windows, prior, reference, current, test, posterior)
    rest = counts(explained) and moved.p_value <= alpha / QUESTIONS
    mix = _mix_moved(windows, alpha / QUESTIONS) and _gap(prior) >= effect
    kind = "both" if mix and rest else "label" if mix else "covariate" if rest else "neither"
    if unknown is not None and unknown.interval[0] > 0:
        left = _known(unknown)
        others = replace(windows, target=windows.target[left])
        of_others = estimate("auto", others)
        if not (rest and counts(_explained(others, of_others, reference, current[left], test, posterior))):
            kind, prior, known = "open-set", of_others, left
    return ShiftKind(kind, ADVICE[kind], moved, explained, prior, known)


def _explained(
    windows: Windows,
    prior: PriorEstimate,
    reference: NDArray[np.floating],
    current: NDArray[np.floating],
    test: Callable[..., DriftTest],
    posterior: NDArray[np.floating] | None,
) -> DriftTest:
    """The target against labelled rows drawn again at its prior."""
    return test(reference[_redrawn(windows, prior.weights, posterior)], current)


def _known(unknown: OpenSet) -> NDArray[np.bool_]:
    """Target rows drawn by their probability of being known, so that those near the border stay in part."""
    kept = np.random.default_rng(1).random(len(unknown.posterior)) >= unknown.posterior
    return kept if kept.sum() >= 2 else np.ones(len(kept), dtype=np.bool_)


def _redrawn(windows: Windows, weights: Floats, posterior: NDArray[np.floating] | None) -> NDArray[np.int64]:
    """Labelled rows drawn without repetition at the estimated prior, as many as that allows.

    By the posterior of their true class each row is drawn as its class is; by the inverse transition alone a
    rare class, most of whose labels are wrong, would have to be drawn less than never.
    """
    if posterior is None:
        wanted = np.maximum(inverse_transition(windows) @ weights, 0)[windows.labels]
    else:
        wanted = np.asarray(posterior @ weights, np.float64)
    chance = wanted / max(float(wanted.max()), 1e-12)
    kept = np.flatnonzero(np.random.default_rng(0).random(len(chance)) < chance)
    return kept if len(kept) >= 2 else np.arange(len(chance))


def _mix_moved(windows: Windows, alpha: float) -> bool:
    """Whether the predicted classes of the two windows differ."""
    K = windows.classes
    source, target = (
        np.bincount(probs.argmax(axis=1), minlength=K) for probs in (windows.probs, windows.target)
    )
    return compare(source, target).p_value <= alpha


def _gap(prior: PriorEstimate) -> float:
    """Total variation between the two priors."""
    return float(np.abs(prior.prior - prior.source_prior).sum() / 2)
