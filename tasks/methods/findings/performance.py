"""What is told of a model of the user's on a target window without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import (
    ClassPerformance,
    Figure,
    PerformanceFindings,
    WindowPerformance,
)
from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.label_shift.by_window import prior_by_window
from labelworks.tasks.methods.label_shift.estimator import estimate
from labelworks.tasks.methods.label_shift.inputs import Windows, check
from labelworks.tasks.methods.performance.estimated_confusion import (
    LEAST,
    EstimatedPerformance,
    performance_at,
)
from labelworks.tasks.methods.performance.figures import Bounded
from labelworks.tasks.methods.performance.from_predictions import from_predictions
from labelworks.tasks.methods.performance.noise_rates import NoiseRates, widest
from labelworks.tasks.methods.performance.over_windows import change_over

SHOWN_CLASSES = 100
MOVED = (
    "classes look different in the target, and not only their mix moved: the estimate takes them to look as "
    "they did, and may be off by more than its interval says"
)

Seen = tuple[Windows, NDArray[np.int64], NDArray[np.int64]]  # by one transition


@dataclass(frozen=True, eq=False)
class PerformanceOptions:
    """The model asked about: its column, whether it gives probabilities, its column of predictions, and what
    a row is worth (K, K), rows = true, columns = predicted."""

    model: str
    probabilities: bool
    predictions: str | None
    value: Floats | None


@dataclass(frozen=True, eq=False)
class ModelAnswers:
    """What a model says of rows: probs (n, K), rows of zeros where unusable; codes (n,), -1: no class."""

    probs: NDArray[np.floating] | None
    codes: NDArray[np.int64] | None

    @property
    def predicted(self) -> NDArray[np.int64]:
        """What it says (n,): its predictions, or its likeliest classes."""
        if self.codes is None:
            return np.zeros(0, np.int64) if self.probs is None else self.probs.argmax(axis=1).astype(np.int64)
        return self.codes

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Rows (n,) of which it says something."""
        if self.codes is None:
            return np.asarray(self.probs.sum(axis=1) > 0) if self.probs is not None else np.zeros(0, bool)
        return (self.codes >= 0) & (True if self.probs is None else self.probs.sum(axis=1) > 0)


def performance_findings(
    labels: NDArray[np.integer],
    own: ModelAnswers,
    theirs: ModelAnswers,
    probes: tuple[NDArray[np.floating], NDArray[np.floating]],
    classes: Sequence[str | int],
    noise: NoiseRates,
    asked: PerformanceOptions,
    kind: str | None,
    time: tuple[NDArray[np.int64], Sequence[str]] | None,
) -> PerformanceFindings | None:
    """Findings of a model; None where it says something of fewer than 30 rows of a window.

    labels (N,): codes of the sample; own, theirs: the model's answers of both windows; probes: probabilities
    (N, K) and (M, K) of the pipeline's own; kind: of shift; time: the window (M,) of each target row, -1:
    none, and their names. Intervals hold whatever rate of wrong labels within its interval is the right one.
    """
    here, there = own.usable, theirs.usable
    if min(here.sum(), there.sum()) < LEAST:
        return None
    seen = [
        _windows(labels, own, theirs, probes, transition, (here, there)) for transition in noise.transitions
    ]
    whole = widest(
        [
            performance_at(windows, estimate("auto", windows), first, second, asked.value)
            for windows, first, second in seen
        ]
    )
    by_window = () if time is None else _by_window(seen, (time[0][there], time[1]))
    trend = change_over([_bounded(window.accuracy) for window in by_window])
    return PerformanceFindings(
        model=asked.model,
        rows=whole.rows,
        **{name: _figure(figure) for name, figure in whole.overall.items()},
        by_class=_by_class(whole, classes),
        confusion=whole.confusion.tolist() if len(classes) <= SHOWN_CLASSES else None,
        windows=by_window,
        trend=None if trend is None else _figure(trend),
        note=MOVED if kind in ("covariate", "both") else "",
    )


def _windows(
    labels: NDArray[np.integer],
    own: ModelAnswers,
    theirs: ModelAnswers,
    probes: tuple[NDArray[np.floating], NDArray[np.floating]],
    transition: Floats,
    rows: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Seen:
    """Both windows in the model's eyes, and its predictions of both."""
    given = np.asarray(labels[rows[0]], dtype=np.int64)
    first, second = own.predicted[rows[0]], theirs.predicted[rows[1]]
    if own.probs is not None and theirs.probs is not None:
        return check(given, own.probs[rows[0]], theirs.probs[rows[1]], transition), first, second
    beside = probes[0][rows[0]], probes[1][rows[1]]
    made = from_predictions(given, first, second, len(transition), transition=transition, beside=beside)
    return check(given, *made, transition), first, second


def _by_window(
    seen: Sequence[Seen], time: tuple[NDArray[np.int64], Sequence[str]]
) -> tuple[WindowPerformance, ...]:
    of, names = time
    priors = [
        prior_by_window(
            windows.labels, windows.probs, windows.target, of, noise_transition=windows.transition
        )
        for windows, _, _ in seen
    ]
    windows_of = []
    for number, name in enumerate(names):
        rows = of == number
        parts = [
            performance_at(replace(windows, target=windows.target[rows]), prior, first, second[rows])
            for (windows, first, second), by_window in zip(seen, priors, strict=True)
            for prior in by_window[number : number + 1]
            if prior is not None
        ]
        if not parts:
            continue
        part = widest(parts)
        figures = {key: _figure(part.overall[key]) for key in ("accuracy", "macro_f1")}
        windows_of.append(WindowPerformance(window=name, rows=part.rows, **figures))
    return tuple(windows_of)


def _by_class(whole: EstimatedPerformance, classes: Sequence[str | int]) -> tuple[ClassPerformance, ...]:
    shares = whole.confusion.sum(axis=1)
    return tuple(
        ClassPerformance(
            name=name,
            share=float(shares[k]),
            **{
                key: _figure(Bounded(figures_of.values[k], *figures_of.interval[k]))
                for key, figures_of in whole.by_class.items()
            },
        )
        for k, name in enumerate(classes)
    )


def _bounded(figure: Figure) -> Bounded:
    """NaN where nothing is known."""
    ends = (figure.value, figure.low, figure.high)
    return Bounded(*(np.nan if end is None else end for end in ends))


def _figure(found: Bounded) -> Figure:
    """None where there is nothing to tell it by, such as the precision of a class that is never predicted."""
    value, low, high = (
        float(value) if np.isfinite(value) else None for value in (found.value, found.low, found.high)
    )
    return Figure(value=value, low=low, high=high)
