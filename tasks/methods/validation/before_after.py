"""Does the treatment help? Models of treated and of given labels, on rows that neither has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.audit.difference import AuditedSample
from labelworks.tasks.methods.judge_options import JudgeOptions
from labelworks.tasks.methods.noise_judge import GROUP, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.validation.arms import GIVEN, PROPOSED, WEIGHTS, arms_of
from labelworks.tasks.methods.validation.audited import Apart
from labelworks.tasks.methods.validation.disagreements import Estimate, HeldOut, accuracy, difference, mean
from labelworks.tasks.methods.validation.log_score import log_scores
from labelworks.tasks.methods.validation.out_of_fold import HeldOutFold, OutOfFold, in_turn, out_of_fold

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
LEAST_ROWS = 20  # that a part of the rows has to be looked at apart


@dataclass(frozen=True)
class ArmProof:
    """An arm beside the given labels: its gain of log score a row and of accuracy."""

    name: str
    gain: Estimate
    difference: Estimate


@dataclass(frozen=True)
class PartProof:
    """A part of the rows: how many, and the difference of accuracy on them."""

    name: int | str
    rows: int
    difference: Estimate


@dataclass(frozen=True)
class Proof:
    """Accuracies on held-out rows, and the interval of their difference, treated minus raw.

    at_limit: the rows say no more than that an accuracy lies at an end of [0, 1]. gain: of the log score of
    held-out labels, None where it isn't measured; of the choice, each fold's rows by the arm that the other
    folds chose. arm: the one that all rows choose, given: none changes anything; arms: all of them.
    by_class: rows that either model calls so. apart: rows on which the models of the arm and of the given
    labels differ; audit: what people who looked at some of these say; None: nobody did.
    """

    accuracy_raw: float
    accuracy_treated: float
    given_raw: float
    given_treated: float
    low: float
    high: float
    holdout_rows: int
    at_limit: bool
    gain: Estimate | None = None
    arm: str = PROPOSED
    arms: tuple[ArmProof, ...] = ()
    by_class: tuple[PartProof, ...] = ()
    by_group: tuple[PartProof, ...] = ()
    apart: Apart | None = None
    audit: AuditedSample | None = None

    @property
    def difference(self) -> float:
        """Treated minus raw."""
        return self.accuracy_treated - self.accuracy_raw


@dataclass(frozen=True)
class ProofOptions:
    """What labels are judged, treated and compared by, and the seed.

    approved: the arm that a person approved, beside which no other is tried; "": nobody did.
    """

    judge: JudgeOptions
    policy: Policy
    model: str
    seed: int
    approved: str = ""

    @property
    def arms(self) -> dict[str, Policy]:
        """The arms that are compared, by name, the given labels first."""
        arms = arms_of(self.policy)
        return {name: arms[name] for name in (GIVEN, self.approved)} if self.approved else arms


def prove(
    sums: FoldSums,
    sample: Sample,
    options: ProofOptions,
    class_weights: Floats | None,
    class_vectors: NDArray[np.floating] | None = None,
    *,
    over: Callable[..., list[HeldOutFold]] = in_turn,
) -> Proof:
    """Compare models of treated labels with one of the given labels, and choose among the treatments.

    Each fold in turn is held out of everything: the probes, the noise method, the treatment and the models.
    class_weights (K,): those of the target window, None without one; then rows count for it. over: where
    folds are held out, as `out_of_fold` takes it.
    """
    held_out = out_of_fold(
        sums, sample, options.judge, options.model, options.arms, class_weights, class_vectors, over=over
    )
    return compared(held_out, class_weights, options.seed)


def compared(found: OutOfFold, class_weights: Floats | None, seed: int) -> Proof:
    """The proof by what the models of the arms foretell of rows that they haven't seen."""
    weights = importance(found, class_weights)
    gains = gained(found, weights, seed)
    if not gains:
        return _untouched(found, weights)
    arm, gain = choose_arm(gains, found.folds)
    held = {name: held_out(found, name, weights) for name in gains}
    called = {name: probs.argmax(axis=1) for name, probs in found.probs.items()}
    raw = called[GIVEN]
    arms = tuple(
        ArmProof(name, mean(gain, len(found.transitions)), difference(held[name], raw, called[name]))
        for name, gain in gains.items()
    )
    change = next(other.difference for other in arms if other.name == arm)
    return Proof(
        **within(accuracy(held[arm], raw), change),
        given_raw=float(np.mean(raw == found.given)),
        given_treated=float(np.mean(called[arm] == found.given)),
        holdout_rows=len(found.given),
        gain=gain,
        arm=arm,
        arms=arms,
        by_class=by_class(held[arm], raw, called[arm]),
        by_group=by_group(found.groups, held[arm], raw, called[arm]),
        apart=Apart.of_calls(found.given, raw, called[arm], len(found.transitions)),
    )


def gained(found: OutOfFold, weights: Floats, seed: int) -> dict[str, Floats]:
    """By arm that changes anything, what the rows' (N,) log scores gain over the given labels' model."""
    moved = weights if (weights != 1).any() else None
    raw = log_scores(found.given, found.probs[GIVEN], moved, seed)
    return {
        name: (log_scores(found.given, probs, moved, seed) - raw) * weights
        for name, probs in found.probs.items()
        if name not in found.same
    }


def importance(found: OutOfFold, class_weights: Floats | None) -> Floats:
    """What rows (N,) count for, mean 1: the weight of their true class, as far as that can be told."""
    if class_weights is None:
        return np.ones(len(found.given))
    likely = found.probs[GIVEN] * found.transitions[found.folds, :, found.given] + 1e-12
    weights = likely @ class_weights / likely.sum(axis=1)
    return np.asarray(weights / weights.mean(), np.float64)


def held_out(found: OutOfFold, arm: str, weights: Floats) -> HeldOut:
    """Rows on which the models of an arm and of the given labels are compared."""
    others = found.probs[GIVEN] + found.probs[arm]
    return HeldOut(found.given, found.folds, weights, found.transitions, others)


def choose_arm(gains: Mapping[str, Floats], folds: NDArray[np.integer]) -> tuple[str, Estimate]:
    """The arm that gains most (N,) over the given labels, and what choosing so gains.

    That is measured on rows which the choice did not see: in each fold, of the arm that the others choose, 0
    where that is the given labels.
    """
    groups = int(folds.max()) + 1
    gained = np.zeros(len(folds))
    for group in range(groups):
        best = _best(gains, folds != group)
        if gains[best][folds != group].mean() > 0:
            gained[folds == group] = gains[best][folds == group]
    return _best(gains, np.ones(len(folds), bool)), mean(gained, groups)


def by_class(held: HeldOut, raw: Labels, treated: Labels) -> tuple[PartProof, ...]:
    """The difference among the rows that either model calls a class, for each with rows enough."""
    names = np.unique([raw, treated])
    return _parts({int(name): (raw == name) | (treated == name) for name in names}, held, raw, treated)


def by_group(
    groups: Mapping[str, NDArray[np.str_]], held: HeldOut, raw: Labels, treated: Labels
) -> tuple[PartProof, ...]:
    """The difference among the rows of each group, by column, for each with rows enough."""
    parts = {
        f"{column.removeprefix(GROUP)}: {name}": of == name
        for column, of in groups.items()
        for name in np.unique(of)
    }
    return _parts(parts, held, raw, treated)


def _parts(
    parts: Mapping[Any, NDArray[np.bool_]], held: HeldOut, raw: Labels, treated: Labels
) -> tuple[PartProof, ...]:
    places = {name: np.flatnonzero(rows) for name, rows in parts.items()}
    return tuple(
        PartProof(name, len(rows), difference(held.only(rows), raw[rows], treated[rows]))
        for name, rows in places.items()
        if len(rows) >= LEAST_ROWS
    )


def within(before: float, change: Estimate) -> dict[str, Any]:
    """An accuracy and a change of it, of which what fits into [0, 1]."""
    at_limit = not 0 < before + change.value < 1
    return _fitting(before, change.value, change.interval) | {"at_limit": at_limit}


def _fitting(before: float, change: float, interval: tuple[float, float]) -> dict[str, Any]:
    low, high = (_share(before + end) - before for end in interval)
    return {
        "accuracy_raw": before, "accuracy_treated": _share(before + change), "low": low, "high": high,
    }  # fmt: skip


def _untouched(found: OutOfFold, weights: Floats) -> Proof:
    """The proof where no arm changes anything: nothing is gained, and that is certain."""
    called = found.probs[GIVEN].argmax(axis=1)
    share, agreed = accuracy(held_out(found, GIVEN, weights), called), float(np.mean(called == found.given))
    return Proof(share, share, agreed, agreed, 0.0, 0.0, len(called), False, Estimate(0.0, 0.0), GIVEN)


def _best(gains: Mapping[str, Floats], rows: NDArray[np.bool_]) -> str:
    """The arm that gains most on some rows; what was proposed, unless another leads by a standard error.

    Weights alone have to lead by two: they leave wrong labels to whoever trains without weights.
    """
    if PROPOSED not in gains:
        return max(gains, key=lambda name: float(gains[name][rows].mean()))
    leads = [name for name in gains if _leads(gains[name][rows] - gains[PROPOSED][rows], name)]
    return max(leads, key=lambda name: float(gains[name][rows].mean()), default=PROPOSED)


def _leads(lead: Floats, name: str) -> bool:
    return bool(lead.mean() > (2 if name == WEIGHTS else 1) * lead.std() / np.sqrt(len(lead)))


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
