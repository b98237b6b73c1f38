"""What is told of the target window: its prior, its drift, its unknown classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import FeatureDrift, NewClass, ShiftFindings, TargetDrift, UnknownFindings
from labelworks.tasks.methods.drift.shift_kind import ShiftKind, which_kind
from labelworks.tasks.methods.label_shift import PriorEstimate, estimate_prior
from labelworks.tasks.methods.label_shift.borne import borne_weights, left_open
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.open_set.discover import discover
from labelworks.tasks.methods.open_set.estimate import OpenSet, open_set

UNKNOWN_ROWS = 100  # of a target, below which nothing is said of unknown classes
SURELY_UNKNOWN = 0.005  # the lower end of their share, from which new classes are looked for
LEAST_KNOWN = 4  # classes that show how wide a class is
SHOWN_NEW, EXAMPLES = 10, 3
WORST_FEATURES = 5
MOVED = ("covariate", "both")  # kinds of shift that leave open which rows are of no known class
ONE_ROW = "a target of one row can't be tested for drift"


@dataclass(frozen=True)
class ShiftOptions:
    """The methods that estimate the prior and test the features for drift; alpha: a p-value that is one."""

    prior: str
    drift: str
    alpha: float


@dataclass(frozen=True)
class TargetFindings:
    """Findings of the target window, and what they are made of: its prior, and its share of the unknown.

    known (M,): rows that the prior was estimated from, taken to be of known classes.
    """

    findings: ShiftFindings
    prior: PriorEstimate
    unknown: OpenSet | None
    known: NDArray[np.bool_]


def shift_findings(
    sample: Sample,
    probs: NDArray[np.float32],
    window: Sample,
    window_probs: NDArray[np.float32],
    transition: NDArray[np.float64],
    options: ShiftOptions,
    novelty: tuple[NDArray[np.float64], NDArray[np.float64]],
    ids: Sequence[str],
    compared: NDArray[np.bool_] | None = None,
    posterior: NDArray[np.floating] | None = None,
) -> TargetFindings:
    """Prior, weights, kind of shift and unknown classes of a target window.

    sample and probs (N, K), window and its probs (M, K) by the same probes; novelty (N,) and (M,) of the rows
    of both; ids (M,) of the window's; compared (N,): rows of the sample that the window is tested against,
    those that the encoder was not fitted on (None: all). The prior is estimated from all of them. posterior
    (N, K): of the sample's true classes, where the noise method tells it. Of a single row nothing but its
    prior is told.
    """
    rows = np.ones(len(probs), dtype=np.bool_) if compared is None else compared
    others, others_probs = sample.only(rows), probs[rows]
    unknown = None
    if len(window_probs) >= UNKNOWN_ROWS:
        unknown = open_set(others.given, others_probs, window_probs, novelty[0][rows], novelty[1])
    kind = None
    if len(window_probs) >= 2:
        kind = which_kind(
            others.given, others_probs, others.features, window_probs, window.features,
            noise_transition=transition, posterior=None if posterior is None else posterior[rows],
            unknown=unknown, drift=options.drift, alpha=options.alpha,
        )  # fmt: skip
    known = np.ones(len(window_probs), dtype=np.bool_) if kind is None else kind.known
    estimate = estimate_prior(
        sample.given, probs, window_probs[known], method=options.prior, noise_transition=transition
    )
    if unknown is not None and kind is not None and kind.kind == "open-set":
        interval = left_open(estimate.interval, unknown.share, unknown.interval)
        estimate = replace(estimate, interval=interval)
    weights, borne = borne_weights(estimate, None if kind is None else kind.kind)
    estimate = replace(estimate, weights=weights, notes=(*estimate.notes, *borne))
    findings = ShiftFindings(
        method=estimate.method,
        prior=estimate.prior.tolist(),
        source_prior=estimate.source_prior.tolist(),
        weights=estimate.weights.tolist(),
        interval=estimate.interval.tolist(),
        total_variation=float(0.5 * np.abs(estimate.prior - estimate.source_prior).sum()),
        calibration_nll_gain=_gain(estimate),
        notes=(*estimate.notes, *([ONE_ROW] if kind is None else [])),
        kind=None if kind is None else kind.kind,
        advice="" if kind is None else kind.advice,
        drift=_drift(kind),
        unknown=_unknown(sample, window, unknown, ids, moved=kind is not None and kind.kind in MOVED),
    )
    return TargetFindings(findings, estimate, unknown, known)


def _drift(found: ShiftKind | None) -> TargetDrift:
    """The test behind the kind of shift, and the features that moved most where it looks at each."""
    if found is None:
        return TargetDrift()
    moved, features = found.moved, []
    if moved.per_feature is not None and moved.per_feature_effect is not None:
        most = np.argsort(-moved.per_feature_effect, kind="stable")[:WORST_FEATURES]
        features = [
            FeatureDrift(
                feature=int(k),
                effect=float(moved.per_feature_effect[k]),
                p_value=float(moved.per_feature[k]),
            )
            for k in most
        ]
    return TargetDrift(
        method=moved.method,
        p_value=moved.p_value,
        effect=moved.effect,
        unexplained_effect=found.explained.effect,
        features=tuple(features),
    )


def _unknown(
    sample: Sample, window: Sample, unknown: OpenSet | None, ids: Sequence[str], *, moved: bool
) -> UnknownFindings | None:
    """The share of rows of no known class; where it is surely not zero, the new classes among them.

    moved: the rest of the target looks different as well. Then these rows may be of known classes, all of
    them, and no class is made of them.
    """
    if unknown is None:
        return None
    share, (low, high) = unknown.share, unknown.interval.tolist()
    nothing_found = UnknownFindings(
        share=share,
        interval=(0.0 if moved else low, high),
        reading=None if not share else "moved or unknown" if moved else "unknown",
    )
    if moved or low < SURELY_UNKNOWN or len(np.unique(sample.given)) < LEAST_KNOWN:
        return nothing_found
    discovered = discover(sample.features, sample.given, window.features, unknown.posterior)
    first, made = int(sample.given.max()) + 1, []
    for number in range(discovered.new):
        rows = np.flatnonzero(discovered.classes == first + number)
        near = np.square(
            window.features[rows] @ discovered.space - discovered.prototypes[number - discovered.new]
        ).sum(axis=1)
        examples = [str(ids[row]) for row in rows[np.argsort(near)[:EXAMPLES]]]
        made.append(NewClass(rows=len(rows), share=len(rows) / len(ids), examples=tuple(examples)))
    return nothing_found.model_copy(
        update={"new_classes": discovered.new, "largest": tuple(made[:SHOWN_NEW])}
    )


def _gain(found: PriorEstimate) -> float | None:
    fitted = found.calibration
    return None if fitted is None else float(fitted.nll_before - fitted.nll_after)
