"""Nearest rows by cosine: exact for small data, by an inverted file for large."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.neighbours.exact import nearest_of

log = logging.getLogger("labelworks")

EXACT_BELOW = 50_000  # rows; above, an inverted file
LAST = 2.0  # further away than any row
SAME = 1 - 1e-6  # cosine of a row and itself, or a copy: it has nothing to say about its own label


def nearest(features: NDArray[np.float32], k: int = 10) -> NDArray[np.int64]:
    """Return the row numbers (N, k) of the most similar other rows, nearest first; features (N, D).

    With faiss where it is installed (an inverted file from 50,000 rows, of which a share of the lists is
    searched), else by blocks of products, whose time grows with N². Raises InputError for fewer than k + 1
    rows or values not finite.
    """
    if len(features) <= k:
        raise InputError(f"{len(features)} rows have no {k} neighbours", fix="give more rows or a smaller k")
    rows = Reference.of(features)
    return _without_self(rows.search(rows.unit, k + 1)[0], k)


def credibility(labels: NDArray[np.integer], neighbour_labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """How far to believe each label (N,): the share of its neighbours (N, k) that agree, two more halved."""
    agree = (neighbour_labels == labels[:, None]).sum(axis=1)
    return np.asarray((agree + 1) / (neighbour_labels.shape[1] + 2), np.float32)


def agreement(labels: NDArray[np.integer], neighbour_labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """How neighbours' labels (N, k) speak for the labels (N,): (N, 2).

    The share that agrees (neighbour consistency), and the log of how many to how many of the commonest other.
    """
    agree = neighbour_labels == labels[:, None]
    count, other = agree.sum(axis=1), np.zeros(len(labels), np.int64)
    for place, label in enumerate(neighbour_labels.T):
        alike = (neighbour_labels == label[:, None]).sum(axis=1)
        np.maximum(other, alike, out=other, where=~agree[:, place])
    ratio = np.log((count + 0.5) / (other + 0.5))
    return np.stack([count / neighbour_labels.shape[1], ratio], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Reference:
    """Rows that others are compared with: unit (M, D), each of length 1."""

    unit: NDArray[np.float32]

    @classmethod
    def of(cls, features: NDArray[np.floating]) -> Reference:
        """Take rows (M, D); raise InputError where a value is not finite.

        Logs a warning where there are many and faiss, which would search a part of them, is not installed.
        """
        bad = ~np.isfinite(features).all(axis=1)
        if bad.any():
            raise InputError("features are not finite", where=f"row {int(bad.argmax())}")
        if len(features) >= EXACT_BELOW and not _faiss():
            log.warning(
                "neighbours: every row is compared with all of %d rows, for faiss is not installed; "
                "pip install 'labelworks[neighbours]' to search a part of them",
                len(features),
            )
        return cls(unit_length(features))

    def near(self, features: NDArray[np.floating], k: int) -> NDArray[np.int64]:
        """Places (n, k) of the most similar rows; copies of a row (n, D) and itself come last."""
        count, unit = min(k, len(self.unit)), unit_length(features)
        places, alike = self.search(unit, min(2 * count + 1, len(self.unit)))
        copies = alike > SAME
        order = np.argsort(copies, axis=1, kind="stable")[:, :count]
        near = np.take_along_axis(places, order, axis=1)
        crowded = np.flatnonzero(copies.sum(axis=1) > count + 1)
        if len(crowded) and not self._many:
            near[crowded] = self._beyond_copies(unit[crowded], count)
        return near

    def _beyond_copies(self, unit: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Places (n, k) of the most similar rows among all, copies last, of rows that have many copies."""

        def apart(part: slice) -> NDArray[np.float32]:
            alike = unit[part] @ self.unit.T
            return np.where(alike > SAME, np.float32(LAST), -alike)

        return nearest_of(apart, len(unit), k)[0]

    def search(self, unit: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Places (n, k) of the most similar rows and their cosines, nearest first."""
        if self._many:
            alike, places = self._index.search(unit, k)
            return np.asarray(places, np.int64), np.asarray(alike, np.float32)
        places, distance = nearest_of(lambda part: -(unit[part] @ self.unit.T), len(unit), k)
        return places, -distance.astype(np.float32)

    @property
    def _many(self) -> bool:
        return len(self.unit) >= EXACT_BELOW and _faiss()

    @cached_property
    def _index(self) -> Any:
        import faiss

        lists = int(np.sqrt(len(self.unit)))
        width = self.unit.shape[1]
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT)
        index.train(self.unit[:: max(len(self.unit) // (lists * 64), 1)])
        index.add(self.unit)
        index.nprobe = max(lists // 16, 8)
        return index

    def __getstate__(self) -> dict[str, Any]:
        return {"unit": self.unit}  # the index is made anew where it is needed


def _faiss() -> bool:
    return find_spec("faiss") is not None


def unit_length(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows (N, D) scaled to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.ascontiguousarray(features / np.maximum(lengths, 1e-12), dtype=np.float32)


def _without_self(found: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Drop each row's own number, or its last neighbour where copies hid it."""
    own = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True
    return np.asarray(found[~own].reshape(len(found), k), np.int64)
