"""What every estimator of a prior is given: classes with labelled rows, a way out, honest intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.confusion import Features, IllPosed, soft
from labelworks.tasks.methods.label_shift.few_rows import widened
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate

Estimate = Callable[[Windows], PriorEstimate]
NEEDS = ("labels", "probs", "target_probs")
INSTEAD = "em-bcts"  # has a maximum, whatever the confusion
_features: dict[str, Features] = {}


def estimator(name: str, *, source: str, features: Features = soft) -> Callable[[Estimate], Estimate]:
    """Register an estimator of a prior whose moments are made of other features than the probabilities."""
    _features[name] = features
    return registry.register("prior", name, needs=NEEDS, source=source)


def estimate(name: str, windows: Windows) -> PriorEstimate:
    """What a registered estimator finds: it is given windows of classes that have labelled rows alone.

    Where it says by IllPosed that its confusion can't be inverted, maximum likelihood answers.
    """
    function: Estimate = registry.get("prior", name).target
    return estimated(windows, lambda part: _well_posed(part, function, name), _features.get(name, soft))


def estimated(windows: Windows, function: Estimate, features: Features = soft) -> PriorEstimate:
    """What `function` finds among the classes with labelled rows; no interval narrower than rows allow."""
    present = np.flatnonzero(~windows.absent)
    if len(present) == windows.classes:
        return widened(windows, function(windows), features)
    if len(present) == 1:
        return _alone(windows)
    part = only(windows, present)
    return among(windows, present, widened(part, function(part), features))


def _well_posed(windows: Windows, function: Estimate, name: str) -> PriorEstimate:
    try:
        return function(windows)
    except IllPosed as error:
        estimated = estimate(INSTEAD, windows)
        note = f"{error.what}: estimated by {INSTEAD} instead"
        return replace(estimated, method=name, notes=(*estimated.notes, note))


def only(windows: Windows, present: NDArray[np.intp]) -> Windows:
    """The same windows over fewer classes; a row that is of none of them for sure may be of any."""
    T, counts = windows.transition, windows.counts
    if T is not None:
        T = T[np.ix_(present, present)] + 1e-12 * np.eye(len(present))
        T = T / T.sum(axis=1, keepdims=True)
    labels = np.searchsorted(present, windows.labels)
    source, target = (scaled(probs, present) for probs in (windows.probs, windows.target))
    return Windows(labels, source, target, T, None if counts is None else counts[present])


def scaled(probs: NDArray[np.floating], present: NDArray[np.intp]) -> Matrix:
    """Probabilities (n, K) of the present classes alone, rows sum to 1."""
    rescaled = np.empty((len(probs), len(present)), dtype=np.float32)
    for part in blocks(*probs.shape):
        rows = np.maximum(probs[part][:, present].astype(np.float32), np.float32(1e-12))
        rescaled[part] = rows / rows.sum(axis=1, keepdims=True)
    return rescaled


def among(windows: Windows, present: NDArray[np.intp], found: PriorEstimate) -> PriorEstimate:
    """The estimate with a place for every class: of those nobody labelled the rows say nothing."""
    K = windows.classes

    def spread(values: Floats, fill: float) -> Floats:
        whole = np.full(K, float(fill))
        whole[present] = values
        return whole

    interval = np.tile([0.0, 1.0], (K, 1))
    interval[present] = found.interval
    errors = None
    if found.covariance is not None:
        errors = np.zeros((K, K))
        errors[np.ix_(present, present)] = found.covariance
    fitted = found.calibration
    return replace(
        found, prior=spread(found.prior, 0), weights=spread(found.weights, 0), interval=interval,
        source_prior=spread(found.source_prior, 0), notes=(*found.notes, _missing(windows)),
        covariance=errors, calibration=None if fitted is None else _with_all(fitted, present, K, spread),
    )  # fmt: skip


def _with_all(
    fitted: Calibration, present: NDArray[np.intp], K: int, spread: Callable[[Floats, float], Floats]
) -> Calibration:
    undo = None
    if fitted.undo is not None:
        undo = np.eye(K)
        undo[np.ix_(present, present)] = fitted.undo
    scale, bias = spread(fitted.scale, 1 / fitted.temperature), spread(fitted.bias, float(fitted.bias.min()))
    return replace(fitted, scale=scale, bias=bias, undo=undo)


def _alone(windows: Windows) -> PriorEstimate:
    one = np.where(windows.absent, 0.0, 1.0)
    interval = np.tile([0.0, 1.0], (windows.classes, 1))
    return PriorEstimate(one, one.copy(), interval, "none", one.copy(), None, (_missing(windows),))


def _missing(windows: Windows) -> str:
    missing = ", ".join(map(str, np.flatnonzero(windows.absent)))
    return f"classes without a labelled row can't be found in the target: {missing}"
