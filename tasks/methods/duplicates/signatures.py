"""Near duplicates without comparing all pairs: signatures of 64 bits, of which near rows share nearly all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.intrinsic_dimension import two_nn
from labelworks.tasks.methods.statistics.float16 import single

BITS = 64
LOOKED_AT = 64  # dimensions a signature is made of: rows that nearly agree do so in any of them
TURNS = 8  # times that signatures are sorted, each time by other bits first
WINDOW = 3  # rows after it in that order that a row is compared with
SAME_BITS = 10  # that may differ: of 64, two rows of cosine 0.98 differ in 4.1 ± 2
SIMILARITY = 0.98
SKETCHED = 16  # places along directions that are kept of a row
BLOCK = 8192  # rows at a time
LOOSE = 4.0  # times the distance of near duplicates: of sketches that of one in a million is more
CHANCE = 1e-3  # of rows whose nearest neighbour may be a near duplicate without being one


@dataclass(frozen=True)
class Planes:
    """What rows are compared by: centre and scale (D,), normals (min(D, 64), 64), directions (D, 16)."""

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    normals: NDArray[np.float32]
    directions: NDArray[np.float32]

    @classmethod
    def of(cls, rows: NDArray[np.floating], *, scaled: bool) -> Planes:
        """Planes through the middle of some rows (M, D); scaled: each dimension has its own unit."""
        values = np.asarray(rows, dtype=np.float64)
        dims = values.shape[1]
        spread = values.std(axis=0) if scaled else np.ones(dims)
        rng = np.random.default_rng(0)
        normals = rng.standard_normal((min(dims, LOOKED_AT), BITS), dtype=np.float32)
        directions = rng.standard_normal((dims, SKETCHED), dtype=np.float32)
        scale = np.where(spread > 0, spread, 1.0).astype(np.float32)
        return cls(values.mean(axis=0).astype(np.float32), scale, normals, directions)

    def looked_at(self, rows: NDArray[np.floating]) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        """Signatures (N,) of rows (N, D): on which side of each plane they lie (Charikar 2002).

        And sketches (N, 16): where they lie along some directions, which tells how far apart rows are
        (Johnson & Lindenstrauss 1984). All dimensions are in them, so rows that only look alike in those
        of the signature are told apart without their vectors.
        """
        dims = len(self.normals)
        normals, directions = self.normals / self.scale[:dims, None], self.directions / self.scale[:, None]
        signatures = np.empty(len(rows), dtype=np.uint64)
        sketches = np.empty((len(rows), SKETCHED), dtype=np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            away = single(rows[part]) - self.centre
            sides = away[:, :dims] @ normals > 0
            signatures[part] = np.packbits(sides, axis=1).view(np.uint64)[:, 0]
            sketches[part] = away @ directions
        return signatures, sketches

    def placed(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows (N, D) as they are compared: centred, each dimension in its unit."""
        return np.asarray((single(rows) - self.centre) / self.scale)


def candidates(signatures: NDArray[np.uint64], most: int) -> NDArray[np.int64]:
    """Pairs (P, 2) of rows whose signatures (N,) nearly agree, each once, at most so many, nearest first.

    Sorted by other bits in turn, near rows come to lie side by side (Manku 2007).
    """
    keys, bits = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    rows = len(signatures)
    for turn in range(TURNS):
        step = np.uint64(turn * BITS // TURNS)
        turned = (signatures << step) | (signatures >> (np.uint64(BITS) - step)) if turn else signatures
        order = np.argsort(turned)
        for apart in range(1, min(WINDOW, rows - 1) + 1):
            first, second = order[:-apart], order[apart:]
            differ = np.bitwise_count(signatures[first] ^ signatures[second])
            near = np.flatnonzero(differ <= SAME_BITS)
            low, high = np.minimum(first[near], second[near]), np.maximum(first[near], second[near])
            keys.append(low * rows + high)
            bits.append(differ[near])
    distinct, where = np.unique(np.concatenate(keys), return_index=True)
    nearest_first = np.argsort(np.concatenate(bits)[where], kind="stable")[:most]
    return np.stack(np.divmod(distinct[nearest_first], max(rows, 1)), axis=1)


def likely_pairs(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows may be near duplicates of the others, by their sketches (P, 16)."""
    squared = np.square(one - other).sum(axis=1)
    size = np.square(one).sum(axis=1) + np.square(other).sum(axis=1)
    return np.asarray(squared <= LOOSE * (1 - SIMILARITY) * size + 1e-12)


def near_pairs(one: NDArray[np.float32], other: NDArray[np.float32], radius: float) -> NDArray[np.bool_]:
    """Which rows (P, D), placed, are near duplicates of the others: cosine 0.98, and within a radius."""
    squared = np.einsum("pd,pd->p", one - other, one - other, dtype=np.float64)
    size = np.einsum("pd,pd->p", one, one, dtype=np.float64) + np.einsum("pd,pd->p", other, other)
    return np.asarray((squared <= (1 - SIMILARITY) * size + 1e-12) & (squared <= radius**2 + 1e-12))


def chance_radius(sample: NDArray[np.float32], rows: int) -> float:
    """Distance within which chance alone brings one row in a thousand another, of so many rows in all.

    sample (M, D), placed. In few dimensions rows are near each other without being copies: the distance to
    the nearest row shrinks with the number of rows to the power of 1 / the dimension that they fill.
    """
    if len(sample) < 3:
        return 0.0
    distances, _ = nearest(sample, 2)
    apart = distances[distances[:, 0] > 0]
    dimension = two_nn(apart) if len(apart) > 2 else None
    if dimension is None:
        return 0.0
    share = CHANCE * len(sample) / max(rows, len(sample))
    return float(np.median(apart[:, 0]) * share ** (1.0 / dimension))
