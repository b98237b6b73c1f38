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
from labelworks.tasks.methods.label_shift.inputs import Windows, check
from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.open_set.density_tilt import Tilt, tilt
from labelworks.tasks.methods.open_set.redrawn import DrawnRows, Known, NoveltyCells

CELLS = 256  # of the score: what is fitted doesn't grow with the rows
REPEATS = 99
STEPS = 8
SETTLES = 0.5  # of the step before, at most, that a step of the alternation moves the share


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
class _Split:
    """The target's prior (K,) among known classes, the unseen class beside them, and the largest share that
    the data leave open."""

    prior: Floats
    unseen: Tilt
    most: float


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
    """What label shift alone can't explain of the target's novelty, as the share of an unseen class.

    labels (N,), probs (N, K) out-of-sample, target_probs (M, K); novelty (N,) and target_novelty (M,):
    higher = further from every known class, out-of-sample as well. No unknown row need ever have been seen:
    its density over the novelty is an exponential tilt of the known ones' at the target's prior. A share is
    claimed where none of 99 windows of label shift alone, drawn from the labelled rows, shows as much. The
    interval is a bootstrap of both windows. All of it assumes that known classes look as they did: rows of
    them that moved away count as unknown. Raises InputError on bad rows.
    """
    windows = check(labels, probs, target_probs)
    cells = _cut(_score(novelty, len(windows.labels)), _score(target_novelty, len(windows.target)), windows)
    ready = calibrated_windows(windows, calibrate(windows, "bcts"))
    source = np.maximum(ready.probs.mean(axis=0, dtype=np.float64), 1e-9)
    known = Known(cells, np.bincount(windows.labels, minlength=windows.classes).astype(np.float64))
    ratios = tuple((window_probs / source).astype(np.float32) for window_probs in (ready.probs, ready.target))
    shares = _split(known, ratios, source / source.sum(), windows.labels)
    by_cell = shares.unseen.posterior
    rows = DrawnRows(cells.target, ratios[1], np.ones(len(cells.target)), 1 - by_cell[cells.target])
    interval = _interval(rows, known, shares)
    return OpenSet(shares.unseen.share, interval, shares.prior, by_cell[cells.target], cells.borders, by_cell)


def _split(known: Known, ratios: tuple[Matrix, ...], source: Floats, labels: NDArray[np.int64]) -> _Split:
    """Label shift alone, and an unseen class beside it where chance doesn't make up for it."""
    cells = known.cells
    prior = maximise(ratios[1], source, tolerance=1e-6).weights
    unseen = tilt(known.at(prior), cells.counts, cells.scores)
    if not unseen.share:
        return _Split(prior, unseen, 0.0)
    chance = (prior / np.maximum(known.counts, 1.0))[labels]
    alike = DrawnRows(cells.known, ratios[0], chance, np.ones(len(labels)))
    draws = alike.drawn(known, prior, len(cells.target), REPEATS)
    if any(tilt(*both, cells.scores).gain >= unseen.gain for both in draws):
        return _Split(prior, Tilt(0.0, np.zeros(len(cells.scores))), unseen.share)
    return _alternate(known, ratios[1], source, _Split(prior, unseen, unseen.share))


def _alternate(known: Known, ratio: Matrix, source: Floats, first: _Split) -> _Split:
    """Prior of the rows that seem known, unseen class beside it, again, for as long as that settles.

    Each step shortens the last one by the share of what rows don't tell (Dempster 1977): where that is more
    than half, the alternation runs off, and where it ends is but the most that there may be.
    """
    cells, kept, last, before, settles = known.cells, first, first, 0.0, True
    for _ in range(STEPS):
        usual = np.maximum(1 - last.unseen.posterior[cells.target], 1e-6)
        prior = maximise(ratio, source, rows=usual, tolerance=1e-6).weights
        unseen = tilt(known.at(prior), cells.counts, cells.scores)
        step, length = abs(unseen.share - last.unseen.share), abs(last.unseen.share - before)
        settles = settles and step <= SETTLES * length
        before, last = last.unseen.share, _Split(prior, unseen, unseen.share)
        kept = last if settles else kept
        if step < 1e-4:
            break
    return _Split(kept.prior, kept.unseen, max(kept.most, last.most))


def _cut(known: Floats, target: Floats, windows: Windows) -> NoveltyCells:
    both = np.concatenate([known, target])
    borders = np.unique(np.quantile(both, np.linspace(0, 1, CELLS + 1)[1:-1]))
    below = np.searchsorted(np.sort(both), borders, side="right")
    borders = borders[np.unique(below, return_index=True)[1]]  # of few rows, several have none between them
    borders = borders[borders < both.max()]  # so that no cell is empty
    of = np.searchsorted(borders, both)
    scores = np.bincount(of, (both - known.mean()) / max(float(known.std()), 1e-12)) / np.bincount(of)
    size, rows = len(scores), of[: len(known)]
    counts = np.bincount(windows.labels * size + rows, minlength=windows.classes * size).reshape(-1, size)
    by_class = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return NoveltyCells(rows, of[len(known) :], by_class, scores, borders)


def _interval(rows: DrawnRows, known: Known, found: _Split) -> Floats:
    """Percentiles at 95 % over both windows drawn again, (2,), and all that the data leave open."""
    draws = rows.drawn(known, found.prior, len(rows.cell), REPEATS)
    shares = [tilt(*both, known.cells.scores).share for both in draws]
    low, high = np.quantile(shares, [0.025, 0.975])
    return np.array([min(low, found.unseen.share), max(high, found.most)])


def _score(values: ArrayLike, rows: int) -> Floats:
    score = np.asarray(values, dtype=np.float64)
    if score.shape != (rows,) or not np.isfinite(score).all():
        raise InputError(f"novelty has shape {score.shape}", fix=f"one finite score for each of {rows} rows")
    return score
