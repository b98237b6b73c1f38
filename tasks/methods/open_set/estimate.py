"""Open-set label shift: how much of the target belongs to classes that the source has never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.label_shift.calibration import calibrate
from labelworks.tasks.methods.label_shift.elsa import calibrated_windows
from labelworks.tasks.methods.label_shift.inputs import check
from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.open_set.density_tilt import tilt

CELLS = 256  # of the score: what is fitted doesn't grow with the rows
REPEATS = 100
STEPS = 5


@dataclass(frozen=True)
class OpenSet:
    """`share` of unknown classes in the target with its `interval` (2,) at 95 %; `prior` (K,) of the known
    ones among themselves; `posterior` (M,): how surely each target row is of an unknown class; `borders`
    (C-1,) of cells of the novelty score, and the posterior `by_cell` (C,)."""

    share: float
    interval: Floats
    prior: Floats
    posterior: Floats
    borders: Floats
    by_cell: Floats

    def of(self, novelty: ArrayLike) -> Floats:
        """How surely further target rows are of an unknown class (n,), by their novelty scores (n,)."""
        return np.asarray(self.by_cell[np.searchsorted(self.borders, np.asarray(novelty))])


@dataclass(frozen=True)
class _Cells:
    """Both windows' scores cut into cells: the cell of each row, the mean score of each cell, borders."""

    known: NDArray[np.intp]
    target: NDArray[np.intp]
    scores: Floats
    borders: Floats


@registry.register(
    "open_set",
    "open-set",
    needs=("labels", "probs", "target_probs", "novelty", "target_novelty"),
    source="Qin 1999: exponential tilt; Saerens 2002",
)
def open_set(
    labels: ArrayLike,
    probs: ArrayLike,
    target_probs: ArrayLike,
    novelty: ArrayLike,
    target_novelty: ArrayLike,
) -> OpenSet:
    """EM with one more class, the unknown, whose density over the novelty score is learnt from the target.

    labels (N,), probs (N, K) out-of-sample, target_probs (M, K); novelty (N,) and target_novelty (M,):
    higher = further from every known class, out-of-sample as well. No unknown row need ever have been seen:
    its density is an exponential tilt of the known ones'. The interval is a bootstrap of both windows.
    Raises InputError on bad rows.
    """
    windows = check(labels, probs, target_probs)
    cells = _cut(_score(novelty, len(windows.labels)), _score(target_novelty, len(windows.target)))
    ready = calibrated_windows(windows, calibrate(windows, "bcts"))
    source = ready.probs.mean(axis=0, dtype=np.float64)
    ratio = (ready.target / np.maximum(source, 1e-9)).astype(np.float32)
    prior, share, by_cell = _fit(windows.labels, cells, ratio, source)
    known = _known(cells, (prior / np.maximum(source, 1e-9))[windows.labels])
    interval = _interval(known, np.bincount(cells.target, minlength=len(known)), cells.scores, share)
    return OpenSet(share, interval, prior, by_cell[cells.target], cells.borders, by_cell)


def _fit(
    labels: NDArray[np.int64], cells: _Cells, ratio: Matrix, source: Floats
) -> tuple[Floats, float, Floats]:
    """Alternate: share and posterior (C,) of the unknown by the score, prior of the known by the rest."""
    prior, share, by_cell = source, 0.0, np.zeros(len(cells.scores))
    target = np.bincount(cells.target, minlength=len(cells.scores)).astype(np.float64)
    for _ in range(STEPS):
        found = tilt(_known(cells, (prior / np.maximum(source, 1e-9))[labels]), target, cells.scores)
        share, by_cell = found.share, found.posterior
        known = np.maximum(1 - by_cell[cells.target], 1e-6)
        prior = maximise(ratio, source, rows=known, tolerance=1e-6).weights
    return prior, share, by_cell


def _cut(known: Floats, target: Floats) -> _Cells:
    both = np.concatenate([known, target])
    borders = np.unique(np.quantile(both, np.linspace(0, 1, CELLS + 1)[1:-1]))
    below = np.searchsorted(np.sort(both), borders, side="right")
    borders = borders[np.unique(below, return_index=True)[1]]  # of few rows, several have none between them
    borders = borders[borders < both.max()]  # so that no cell is empty
    of = np.searchsorted(borders, both)
    scores = np.bincount(of, (both - known.mean()) / max(float(known.std()), 1e-12)) / np.bincount(of)
    return _Cells(of[: len(known)], of[len(known) :], scores, borders)


def _known(cells: _Cells, weights: Floats) -> Floats:
    """Reweighted counts of the source, as many in all as the rows that they are worth (Kish 1965)."""
    counts = np.bincount(cells.known, weights, len(cells.scores))
    return np.asarray(counts * weights.sum() / np.square(weights).sum())


def _interval(known: Floats, target: NDArray[np.intp], scores: Floats, share: float) -> Floats:
    """Percentiles at 95 % over both windows drawn again, (2,)."""
    rng, made = np.random.default_rng(0), []
    for _ in range(REPEATS):
        again = rng.multinomial(max(int(known.sum()), 1), known / known.sum()).astype(np.float64)
        there = rng.multinomial(int(target.sum()), target / target.sum()).astype(np.float64)
        made.append(tilt(again, there, scores).share)
    low, high = np.quantile(made, [0.025, 0.975])
    return np.array([min(low, share), max(high, share)])


def _score(values: ArrayLike, rows: int) -> Floats:
    score = np.asarray(values, dtype=np.float64)
    if score.shape != (rows,) or not np.isfinite(score).all():
        raise InputError(f"novelty has shape {score.shape}", fix=f"one finite score for each of {rows} rows")
    return score
