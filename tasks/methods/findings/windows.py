"""What is told of windows in order of time: their class mixes, noise and drift, and when they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import ChangePoint, WindowAlarm, WindowFindings
from labelworks.tasks.methods.drift.base import DriftTest
from labelworks.tasks.methods.drift.by_group import of_sums
from labelworks.tasks.methods.drift.by_window import WindowDrift, by_window
from labelworks.tasks.methods.drift.calendar import Calendar
from labelworks.tasks.methods.drift.change_points import beyond_chance, change_points
from labelworks.tasks.methods.drift.count_tests import compare
from labelworks.tasks.methods.label_shift.noisy_counts import true_mix
from labelworks.tasks.methods.label_shift.result import PriorEstimate

SHOWN = 12  # classes whose shares are told over time: those that moved most
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelSums:
    """Sums over all labelled rows of each window or group: counts (W, K) of given labels, `wrong` (W,) the
    sum of the probabilities that they are wrong."""

    counts: NDArray[np.int64]
    wrong: Floats


def labelled_windows(
    windows: Calendar,
    sums: LabelSums,
    transition: Floats,
    features: NDArray[np.floating],
    of: NDArray[np.int64],
    classes: Sequence[str | int],
) -> WindowFindings:
    """Findings of W windows of labelled rows, each of which holds some.

    features (n, D) and windows (n,) of a sample; a window is tested against those before it.
    """
    mix = true_mix(sums.counts, transition)
    groups = of_sums(np.array(windows.names), sums.counts, sums.wrong)
    whole = true_mix(sums.counts.sum(axis=0, keepdims=True), transition).prior[0]
    labels = [compare(one, sums.counts.sum(axis=0) - one) if len(sums.counts) > 1 else None
              for one in sums.counts]  # fmt: skip
    return WindowFindings(
        **_shares(windows, mix.prior, mix.interval, sums.counts.sum(axis=1), whole, classes),
        **_changes(windows, sums.counts, sums.counts.sum(axis=0)),
        **_drift(windows, by_window(features, of)),
        noise_rate=_plain(groups.error),
        label_effect=tuple(None if label is None else label.effect for label in labels),
        label_p_value=tuple(None if label is None else label.p_value for label in labels),
        label_psi=tuple(None if label is None else label.psi for label in labels),
        label_jensen_shannon=tuple(None if label is None else label.jensen_shannon for label in labels),
        label_wasserstein=tuple(None if label is None else label.wasserstein for label in labels),
    )


def target_windows(
    windows: Calendar,
    estimates: Sequence[PriorEstimate | None],
    features: NDArray[np.floating],
    of: NDArray[np.int64],
    reference: NDArray[np.floating],
    source: PriorEstimate,
    classes: Sequence[str | int],
    predicted: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> WindowFindings | None:
    """Findings of windows of unlabelled rows; reference (n, D): labelled rows that all are tested against.

    source: the estimate of all windows together, for the class mix of the labelled rows. predicted: classes
    (N,) of the rows of the windows and (n,) of the labelled ones, which tell change from chance. A window of
    too few rows has no estimate, and is left out.
    """
    known = [place for place, estimate in enumerate(estimates) if estimate is not None]
    estimated = [estimate for estimate in estimates if estimate is not None]
    if not estimated:
        return None
    kept = Calendar(tuple(windows.names[place] for place in known), windows.starts[known], windows.by)
    place = np.full(len(windows.names) + 1, -1)
    place[known] = np.arange(len(known))
    now = place[of]
    rows = np.bincount(now[now >= 0], minlength=len(known))
    size = len(classes)
    here = now >= 0
    counts = np.bincount(now[here] * size + predicted[0][here], minlength=len(known) * size)
    prior = np.stack([estimate.prior for estimate in estimated])
    interval = np.stack([estimate.interval for estimate in estimated])
    return WindowFindings(
        **_shares(kept, prior, interval, rows, source.source_prior, classes),
        **_changes(kept, counts.reshape(-1, size), np.bincount(predicted[1], minlength=size)),
        **_drift(kept, by_window(features, now, reference=reference)),
    )


def _shares(
    windows: Calendar,
    prior: Floats,
    interval: Floats,
    rows: NDArray[np.integer],
    whole: Floats,
    classes: Sequence[str | int],
) -> dict[str, Any]:
    """Shares of the classes that moved most."""
    shown = np.sort(np.argsort(-np.ptp(prior, axis=0), kind="stable")[:SHOWN])
    return {
        "by": windows.by,
        "windows": list(windows.names),
        "rows": rows.tolist(),
        "classes": [classes[k] for k in shown],
        "prior": _plain(prior[:, shown]),
        "interval": _plain(interval[:, shown]),
        "total_variation": _plain(0.5 * np.abs(prior - whole).sum(axis=1)),
    }


def _changes(windows: Calendar, counts: NDArray[np.int64], whole: NDArray[np.integer]) -> dict[str, Any]:
    """When the mix changed, and in which windows it lies beyond chance from the whole's.

    counts (W, K) of labels or predictions, as they are: noise that is taken out of few rows pushes their
    shares to 0 and 1, which looks like change. whole (K,): of all rows.
    """
    changes = change_points(counts)
    return {
        "mix_moved": beyond_chance(counts, whole / whole.sum()).tolist(),
        "change_points": [
            ChangePoint(window=windows.names[point], p_value=p_value)
            for point, p_value in zip(changes.points, changes.p_values, strict=True)
        ],
    }


def _drift(windows: Calendar, found: WindowDrift) -> dict[str, Any]:
    def told(name: str) -> list[float | None]:
        tests: Sequence[DriftTest | None] = found.tests
        pad = len(windows.names) - len(tests)
        return [None if test is None else float(getattr(test, name)) for test in tests] + [None] * pad

    watched = found.sequential
    alarm = None
    if watched is not None and watched.alarm is not None:
        looked_at = [name for name, test in zip(windows.names, found.tests, strict=False) if test is not None]
        alarm = looked_at[watched.alarm - 1]
    return {
        "drift_effect": told("effect"),
        "drift_p_value": told("p_value"),
        "watch": None
        if watched is None
        else WindowAlarm(e_value=watched.e_value, looks=watched.looks, alarm=alarm),
    }


def _plain(values: Floats) -> Any:
    """Rounded: a record is read by people, and kept for every version."""
    return np.round(values, 5).tolist()
