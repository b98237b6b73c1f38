"""Pooling of a row's scores over its classes into one, where nearly all classes score 1."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.multilabel.cells import Cells

TEMPERATURE = 0.1
FORGETTING = 0.8
LOWEST = 16  # further ones weigh less than 0.2^16


class Pool(Protocol):
    """Takes the classes in blocks; a class without a cell in a row scores 1 there."""

    def add(self, cells: Cells) -> None:
        """Take a block of classes."""

    def pooled(self) -> NDArray[np.float32]:
        """Return the scores of the rows (N,)."""


class Softmin:
    """Mean of the scores weighed by exp((1 - score) / 0.1): near the worst one (Thyagarajan 2022)."""

    def __init__(self, rows: int, classes: int) -> None:
        self._weighted, self._weights = np.full(rows, float(classes)), np.full(rows, float(classes))

    def add(self, cells: Cells) -> None:
        """Take a block of classes."""
        score = cells.self_confidence.astype(np.float64)
        weight = np.exp((1 - score) / TEMPERATURE)
        rows = len(self._weights)
        self._weighted += np.bincount(cells.row, weight * score - 1, minlength=rows)
        self._weights += np.bincount(cells.row, weight - 1, minlength=rows)

    def pooled(self) -> NDArray[np.float32]:
        """Return the scores of the rows (N,)."""
        return np.asarray((self._weighted / self._weights).clip(0, 1), np.float32)


class Ema:
    """Exponential moving average from a row's best score to its worst, forgetting .8 (Thyagarajan 2022)."""

    def __init__(self, rows: int, classes: int) -> None:
        self._lowest = np.ones((rows, min(classes, LOWEST)), np.float32)

    def add(self, cells: Cells) -> None:
        """Take a block of classes."""
        score = cells.self_confidence
        order = np.lexsort((score, cells.row))
        row = cells.row[order]
        starts = np.searchsorted(row, np.arange(len(self._lowest)))
        rank = np.arange(len(row)) - starts[row]
        keep = rank < self._lowest.shape[1]
        block = np.ones_like(self._lowest)
        block[row[keep], rank[keep]] = score[order][keep]
        both = np.sort(np.concatenate([self._lowest, block], axis=1), axis=1)
        self._lowest = both[:, : self._lowest.shape[1]]

    def pooled(self) -> NDArray[np.float32]:
        """Return the scores of the rows (N,)."""
        score = self._lowest[:, -1].astype(np.float64)
        for lower in self._lowest[:, -2::-1].T:
            score = FORGETTING * lower + (1 - FORGETTING) * score
        return score.astype(np.float32)


def pool(name: str, rows: int, classes: int) -> Pool:
    """Return a fresh pool; raise ConfigError for an unknown name."""
    if name == "softmin":
        return Softmin(rows, classes)
    if name == "ema":
        return Ema(rows, classes)
    raise ConfigError(f"unknown pooling {name!r}", where="detect_multilabel", fix="choices: ema, softmin")
