"""The prior of a target window from parts of both: three passes, memory that doesn't grow with rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import FLOOR, Floats, Matrix, blocks, hashes, labels_of, rows_of
from labelworks.tasks.methods.label_shift.calibration import apply, calibrate
from labelworks.tasks.methods.label_shift.candidates import on_simplex
from labelworks.tasks.methods.label_shift.confusion import (
    Confusion,
    Features,
    by_class,
    efficient,
    inverse_transition,
    of_shares,
    prior_errors,
    soft,
)
from labelworks.tasks.methods.label_shift.elsa import calibrated_windows
from labelworks.tasks.methods.label_shift.estimator import among, only, scaled
from labelworks.tasks.methods.label_shift.few_rows import widened
from labelworks.tasks.methods.label_shift.inputs import Windows, check
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate, finish, normal_interval
from labelworks.tasks.methods.label_shift.shrinkage import towards

SAMPLE = 4_000_000  # elements kept of each window, to calibrate and to start from
ROWS = 40_000  # rows kept at most
STEPS = 10  # of EM on the sample

Source = Callable[[], Iterable[tuple[NDArray[np.integer], NDArray[np.floating]]]]
Target = Callable[[], Iterable[NDArray[np.floating]]]


@dataclass
class WindowSums:
    """What one pass adds up; sums of parts are sums of the whole.

    `features` (K,) and `posterior` (K,): sums over the rows; `joint` (K, K) and `labels` (K,): of a labelled
    part, the features by label and the labels' counts.
    """

    features: Floats
    posterior: Floats
    joint: Floats
    labels: NDArray[np.int64]
    rows: int = 0

    @classmethod
    def empty(cls, K: int) -> WindowSums:
        """Sums of no rows."""
        return cls(np.zeros(K), np.zeros(K), np.zeros((K, K)), np.zeros(K, dtype=np.int64))

    def __add__(self, other: WindowSums) -> WindowSums:
        return WindowSums(
            self.features + other.features, self.posterior + other.posterior, self.joint + other.joint,
            self.labels + other.labels, self.rows + other.rows,
        )  # fmt: skip


def estimate_prior_over(
    source: Source, target: Target, *, noise_transition: ArrayLike | None = None
) -> PriorEstimate:
    """Estimate the prior of a target window from parts.

    source() yields (labels (n,), probs (n, K)), target() yields probs (m, K); both are called again and again
    and must yield the same rows in the same order, cut into parts as it likes. From the likelihood of a
    sample, efficient moments (Tian 2023: one step from a good start is as good as many) and two steps of EM
    over all rows; their average leans to EM as far as the moments' errors explain what lies between them.
    Raises InputError naming the first bad row of a window.
    """
    kept, n, m = _sample(source, target, noise_transition)
    present = np.flatnonzero(~kept.absent)
    if 1 < len(present) < kept.classes:
        return _of_present(source, target, kept, present)
    calibration = calibrate(kept, "bcts")
    ready = calibrated_windows(kept, calibration)
    start = _start(ready)
    features = efficient(start, n, m)
    first = _add(source_sums(labels, probs, calibration, features) for labels, probs in source())
    share = np.maximum(first.posterior / n, FLOOR)
    second = _add(target_sums(probs, calibration, features, start) for probs in target())
    likely = _one_step(target, calibration, second.posterior / m / share)
    sums = _confusion(first, second, features, inverse_transition(kept))
    inverse = sums.inverse()
    weights = inverse @ sums.mean
    errors = of_shares(ready, sums, likely / np.maximum(sums.prior, FLOOR), inverse, (n, m))
    both = likely if sums.singular else towards(likely, sums.prior * weights, errors)
    prior = on_simplex(both, kept)
    interval = normal_interval(prior, prior_errors(ready, sums, weights, inverse, (n, m)))
    estimate = finish(kept, "auto", prior, interval, sums.prior, calibration=calibration)
    return widened(kept, estimate, soft, (n, m))


def _of_present(source: Source, target: Target, kept: Windows, present: NDArray[np.intp]) -> PriorEstimate:
    """The estimate among the classes that have labelled rows."""
    part = only(kept, present)
    estimate = estimate_prior_over(
        lambda: ((np.searchsorted(present, labels), scaled(probs, present)) for labels, probs in source()),
        lambda: (scaled(probs, present) for probs in target()),
        noise_transition=part.transition,
    )
    return among(kept, present, estimate)


def _start(ready: Windows) -> Floats:
    """Weights (K,) by EM on the sample, every class one row of the source's mix ahead: none ends at 0."""
    source, rows = np.maximum(ready.probs.mean(axis=0, dtype=np.float64), FLOOR), len(ready.target)
    weights = np.ones(ready.classes)
    for _ in range(STEPS):
        weights = (_posterior(ready.target, weights) / source + ready.classes) / (rows + ready.classes)
    return weights


def source_sums(
    labels: NDArray[np.integer], probs: NDArray[np.floating], calibration: Calibration, features: Features
) -> WindowSums:
    """Sums of a labelled part."""
    K = probs.shape[1]
    made = WindowSums.empty(K)
    made.rows, made.labels = len(labels), np.bincount(labels, minlength=K)
    for part in blocks(*probs.shape):
        q = apply(calibration, probs[part])
        made.posterior += q.sum(axis=0, dtype=np.float64)
        made.joint += by_class(features(q), np.asarray(labels[part], dtype=np.int64))
    return made


def target_sums(
    probs: NDArray[np.floating], calibration: Calibration, features: Features, weights: Floats
) -> WindowSums:
    """Sums of an unlabelled part; the posterior is that under the weights (K,)."""
    made = WindowSums.empty(probs.shape[1])
    made.rows = len(probs)
    for part in blocks(*probs.shape):
        q = apply(calibration, probs[part])
        made.features += features(q).sum(axis=0, dtype=np.float64)
        made.posterior += _posterior(q, weights)
    return made


def _posterior(q: Matrix, weights: Floats) -> Floats:
    """Sum over rows of the posterior under the weights, (K,)."""
    over = 1 / np.maximum(q @ weights.astype(np.float32), np.float32(1e-30))
    return np.asarray((over @ q).astype(np.float64) * weights)


def _one_step(target: Target, calibration: Calibration, weights: Floats) -> Floats:
    """A step of EM: mean posterior of the target under the weights."""
    total = np.zeros(len(weights))
    for probs in target():
        for part in blocks(*probs.shape):
            total += _posterior(apply(calibration, probs[part]), weights)
    return np.asarray(total / total.sum())


def _confusion(first: WindowSums, second: WindowSums, features: Features, undo: Floats) -> Confusion:
    prior = first.labels / first.rows @ undo
    return Confusion(first.joint @ undo / first.rows, second.features / second.rows, prior, undo, features)


def _sample(source: Source, target: Target, noise_transition: ArrayLike | None) -> tuple[Windows, int, int]:
    """Rows of both windows, and how many there are; those of the smallest hashes, however parts are cut."""
    labelled, free = _Least("probs"), _Least("target_probs")
    for labels, probs in source():
        labelled.add(probs, labels)
    for probs in target():
        free.add(probs, None)
    if not labelled.rows or not free.rows:
        raise InputError("a window has no rows", fix="give labelled rows and target rows")
    windows = check(labelled.labels, labelled.probs, free.probs, noise_transition)
    return replace(windows, counts=labelled.counts), labelled.rows, free.rows


class _Least:
    """Rows with the smallest hashes so far, at most twice the sample."""

    def __init__(self, name: str) -> None:
        self.name, self.rows = name, 0
        self.bound = np.uint64(2**64 - 1)
        self.hashes = np.empty(0, dtype=np.uint64)
        self.probs = np.empty((0, 0), dtype=np.float32)
        self.labels = np.empty(0, dtype=np.int64)
        self.counts = np.zeros(0, dtype=np.int64)

    def add(self, probs: NDArray[np.floating], labels: NDArray[np.integer] | None) -> None:
        """Check the next rows, and look at them."""
        if not len(probs):
            return
        probs, labels = self._checked(probs, labels)
        keys = hashes(np.arange(self.rows, self.rows + len(probs), dtype=np.uint64))
        self.rows += len(probs)
        new = np.flatnonzero(keys <= self.bound)
        rows = probs[new].astype(np.float32)
        given: NDArray[np.integer] = np.zeros(len(new), dtype=np.int64)
        if labels is not None:
            given, seen = labels[new], np.bincount(labels, minlength=probs.shape[1])
            self.counts = self.counts + seen if len(self.counts) else seen
        self.probs = np.concatenate([self.probs, rows]) if len(self.probs) else rows
        self.hashes, self.labels = np.append(self.hashes, keys[new]), np.append(self.labels, given)
        limit = min(max(SAMPLE // probs.shape[1], 1), ROWS)
        if len(self.hashes) > limit:
            self._cut(limit)

    def _checked(
        self, probs: NDArray[np.floating], labels: NDArray[np.integer] | None
    ) -> tuple[NDArray[np.floating], NDArray[np.integer] | None]:
        probs, width = rows_of(probs, self.name, self.rows), self.probs.shape[1]
        if self.rows and probs.shape[1] != width:
            raise InputError(
                f"a part of {self.name} has {probs.shape[1]} classes, those before it {width}",
                where=f"row {self.rows}",
                fix="predict every part with the same classifier",
            )
        given = None if labels is None else labels_of(labels, len(probs), probs.shape[1], self.rows)
        return probs, given

    def _cut(self, limit: int) -> None:
        self.bound = np.partition(self.hashes, limit - 1)[limit - 1]
        kept = self.hashes <= self.bound
        self.probs, self.hashes, self.labels = self.probs[kept], self.hashes[kept], self.labels[kept]


def _add(parts: Iterable[WindowSums]) -> WindowSums:
    whole: WindowSums | None = None
    for part in parts:
        whole = part if whole is None else whole + part
    if whole is None:
        raise InputError("a window has no rows", fix="give labelled rows and target rows")
    return whole
