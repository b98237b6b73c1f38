"""How likely a row of the window is of a known class: by how few labelled rows there are where it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import Floats

SHARES = np.linspace(0.05, 0.95, 19)  # of unknown rows among those predicted to be of a class
TILTS = (3.0, 10.0, 30.0)  # of as many known rows an unknown one has the fewest labelled neighbours
CLOSED, CLASSES = 0.9, 10.0  # share of classes without unknown rows, and of how many that is known beforehand
ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """Rows (n,) by predicted class (n,) and how many of their neighbours are labelled (n,); weight (n,)."""

    best: NDArray[np.intp]
    labelled: NDArray[np.intp]
    weight: Floats

    def counted(self, classes: int, cells: int) -> Floats:
        """Rows (K, C) by class and number of labelled neighbours."""
        places = self.best * cells + self.labelled
        counts = np.bincount(places, self.weight, classes * cells)
        return np.asarray(counts.reshape(classes, cells), np.float64)

    def effective(self, classes: int) -> Floats:
        """How many rows of equal weight those of each class (K,) are worth (Kish 1965)."""
        total = np.bincount(self.best, self.weight, classes)
        squares = np.bincount(self.best, np.square(self.weight), classes)
        return np.asarray(np.square(total) / np.maximum(squares, 1e-12))


def known_shares(hidden: Neighbourhoods, window: Neighbourhoods, classes: int, cells: int) -> Floats:
    """P(of a known class) (K, C) of rows of the window, by predicted class and labelled neighbours.

    hidden: labelled rows as if their labels were hidden, weighted to the window's class mix. Where classes
    look in the window as they do in the labelled rows, both have labelled neighbours as often. Rows of a
    class that was never labelled lie where few labelled rows are, whatever they are taken for. How many there
    are is averaged over; that a class has any is as likely as it is in all (Efron 2008: local false discovery
    rates, in groups). Unknown rows that lie among known ones can't be told.
    """
    usual = hidden.counted(classes, cells) + hidden.weight.mean() / cells
    ratios = _ratios(usual / usual.sum(axis=1, keepdims=True))
    mixed = 1 - SHARES[:, None] + SHARES[:, None] * ratios[:, :, None]  # (K, tilts, shares, C)
    rows, worth = window.counted(classes, cells), hidden.effective(classes)
    sure = worth / np.maximum(worth + rows.sum(axis=1), 1.0)  # hidden rows tell the usual no better
    gain = sure[:, None, None] * np.einsum("kc,ktsc->kts", rows, np.log(mixed))
    most = gain.max(axis=(1, 2), keepdims=True)
    likely = np.exp(gain - most)
    closed = _closed(np.log(likely.mean(axis=(1, 2))) + most[:, 0, 0])[:, None]
    known = np.einsum("kts,ktsc->kc", likely, (1 - SHARES[:, None]) / mixed)
    return np.asarray(closed + (1 - closed) * known / likely.sum(axis=(1, 2))[:, None])


def _ratios(usual: Floats) -> Floats:
    """How much more often unknown rows are in each cell (K, tilts, C) than the usual share of rows (K, C)."""
    above = np.cumsum(usual[:, ::-1], axis=1)[:, ::-1]
    beyond = np.concatenate([above[:, 1:], np.zeros((len(usual), 1))], axis=1)
    return np.stack([(above**tilt - beyond**tilt) / usual for tilt in TILTS], axis=1)


def _closed(gain: Floats) -> Floats:
    """P(no unknown row) (K,), by the log likelihood ratio (K,) of some to none."""
    odds, share = np.exp(np.clip(gain, -500, 500)), CLOSED
    for _ in range(ROUNDS):
        closed = 1 / (1 + odds * (1 - share) / share)
        share = float(CLOSED * CLASSES + closed.sum()) / (CLASSES + len(closed))
    return np.asarray(closed)
