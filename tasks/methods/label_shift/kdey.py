"""Kernel density mixture: each class's probabilities smoothed on the simplex, then mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks, sample
from labelworks.tasks.methods.label_shift.confusion import inverse_transition, soft
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.intervals import ACTIVE, bootstrap_interval
from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.label_shift.result import PriorEstimate, finish

BANDWIDTH = 0.1
CENTRES = 20_000  # labelled rows that carry a kernel
POINTS = 20_000  # target rows at which the densities are evaluated


@estimator("kdey", source="Moreo 2024")
def kdey(windows: Windows) -> PriorEstimate:
    """KDEy-ML: maximum likelihood of the mixture of kernel densities of the probabilities."""
    kept, chosen = sample(len(windows.labels), CENTRES), sample(len(windows.target), POINTS)
    undo, labels = inverse_transition(windows), windows.labels[kept]
    points, centres = soft(windows.target[chosen]), soft(windows.probs[kept])
    ratio = densities(points, Centres(centres, labels), undo)
    source = np.maximum(windows.given_prior @ undo, 0)
    mixture = maximise(ratio, source)
    prior, rows = mixture.weights, len(ratio)
    learnt = _root(_of_centres(points, centres, labels, undo, ratio, prior))

    def again(rng: np.random.Generator) -> Floats:
        times = rng.multinomial(rows, np.full(rows, 1 / rows)).astype(np.float64)
        made = maximise(ratio, prior, rows=times, tolerance=1e-4).weights
        made = np.maximum(made + learnt @ rng.normal(size=len(prior)), 0)
        return np.asarray(made / made.sum())

    notes = mixture.notes
    if rows < len(windows.target):
        notes += (f"fitted on {rows} of {len(windows.target)} target rows",)
    return finish(windows, "kdey", prior, bootstrap_interval(again, prior), source, notes=notes)


@dataclass(frozen=True)
class Centres:
    """Labelled rows that carry a kernel: probabilities (N, K), given labels (N,), `times` (N,) they count.

    `own` (M,): which of them a point is itself, -1 for none; where points are drawn from labelled rows no row
    may be its own kernel.
    """

    probs: Matrix
    labels: NDArray[np.int64]
    times: NDArray[np.int64] | None = None
    own: NDArray[np.int64] | None = None


def densities(points: Matrix, centres: Centres, undo: Floats) -> Matrix:
    """Kernel density of each true class at each point up to a factor per point, (M, K) float32.

    points (M, K), undo (K, K) inverse of the noise transition.
    """
    K = points.shape[1]
    if not len(centres.probs):
        return np.ones_like(points)
    marks = _marks(centres, K)
    of_label = _of_label(marks.sum(axis=0, dtype=np.float64), undo)
    density = np.empty((len(points), K), dtype=np.float32)
    squares = np.einsum("ik,ik->i", centres.probs, centres.probs)
    for part in blocks(len(points), len(centres.probs)):
        own = None if centres.own is None else centres.own[part]
        smooth = (_kernel(points[part], centres.probs, squares, own) @ marks) @ of_label
        density[part] = np.maximum(smooth, 1e-12)
    return density


def _marks(centres: Centres, classes: int) -> Matrix:
    """How often each centre (rows) counts for its given label (columns)."""
    marks = np.zeros((len(centres.labels), classes), dtype=np.float32)
    marks[np.arange(len(centres.labels)), centres.labels] = 1 if centres.times is None else centres.times
    return marks


def _of_centres(
    points: Matrix, centres: Matrix, labels: NDArray[np.int64], undo: Floats, ratio: Matrix, prior: Floats
) -> Floats:
    """Covariance (K, K) of the shares that comes from the centres: the delta method on the score.

    A centre moves the densities of its class, these the slope of the likelihood, this its maximum.
    """
    K, density = len(prior), np.maximum(ratio @ prior, 1e-30).astype(np.float32)[:, None]
    over = ratio / density
    once, twice = np.zeros(len(centres)), np.zeros((len(centres), K))
    squares = np.einsum("ik,ik->i", centres, centres)
    for part in blocks(len(points), len(centres)):
        kernel = _kernel(points[part], centres, squares) / density[part]
        once += kernel.sum(axis=0, dtype=np.float64)
        twice += kernel.T @ over[part]
    share = _of_label(np.bincount(labels, minlength=K).astype(np.float64), undo)[labels]
    moves = (share * once[:, None] - (share @ prior)[:, None] * twice) / len(points)
    means = _by_class(moves.T, labels, K) / np.maximum(np.bincount(labels, minlength=K), 1)
    moves -= means.T[labels]
    active = np.where(prior > ACTIVE, 1.0, 0.0)
    curve = (over.T @ over / len(points)) * np.outer(active, active)
    inverse = np.linalg.pinv(curve, rcond=1e-6, hermitian=True)
    return np.asarray(inverse @ (moves.T @ moves) @ inverse, dtype=np.float64)


def _root(covariance: Floats) -> Floats:
    """Factor (K, K) that turns independent normals into those of the covariance."""
    values, axes = np.linalg.eigh(covariance)
    return np.asarray(axes * np.sqrt(np.maximum(values, 0)))


def _of_label(counts: Floats, undo: Floats) -> Floats:
    """What a centre of each given label adds to the density of each true class, (K, K); counts (K,)."""
    whole = counts @ undo
    return np.asarray(undo * np.divide(1, whole, out=np.zeros(len(undo)), where=whole > 0))


def _kernel(points: Matrix, centres: Matrix, squares: Matrix, own: NDArray[np.int64] | None = None) -> Matrix:
    """Kernel of each centre at each point up to a factor per point, (m, N)."""
    distance = squares + np.einsum("ik,ik->i", points, points)[:, None] - 2 * points @ centres.T
    if own is not None and len(centres) > 1:
        there = np.flatnonzero(own >= 0)
        distance[there, own[there]] = np.inf
    distance -= distance.min(axis=1, keepdims=True)
    return np.asarray(np.exp(distance / np.float32(-2 * BANDWIDTH**2)))


def _by_class(rows: NDArray[np.floating], labels: NDArray[np.int64], classes: int) -> Floats:
    """Sum of the columns of each class, (M, K)."""
    marks = np.zeros((len(labels), classes), dtype=rows.dtype)
    marks[np.arange(len(labels)), labels] = 1
    return np.asarray(rows @ marks, dtype=np.float64)
