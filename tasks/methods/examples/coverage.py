"""Examples by coverage: a few rows to each of which many others are alike (facility location)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]
TYPICAL = 0.5  # of a class: the share of its rows, the surest ones, that may stand for it
CLOSE = 0.2  # and the share, the least sure ones, that may be shown as borderline
PLAUSIBLE = 0.05  # another class that is less likely makes no row borderline


class Covering(NamedTuple):
    """Rows chosen (n,), the one that adds most first; how like one of them each row is, on average."""

    rows: Indices
    coverage: float


def cover(vectors: Floats, count: int, choices: Indices | None = None) -> Covering:
    """Choose rows so that every row is as like one of them as may be.

    Greedy maximisation of Σᵢ maxⱼ sim(i, j), whose result is at least 1 − 1/e of the best (Nemhauser,
    Wolsey & Fisher 1978; for summaries Lin & Bilmes 2011). sim: cosine, where negative 0.

    vectors: (N, D) of all rows to be covered, N × N floats are held; choices: rows (C,) that may be chosen,
    None: all. count: how many; fewer are chosen where no other adds anything.
    """
    allowed = np.arange(len(vectors)) if choices is None else np.asarray(choices, np.intp)
    unit = _unit(vectors)
    alike = np.maximum(unit @ unit[allowed].T, 0.0)
    best = np.zeros(len(vectors), np.float32)
    chosen: list[int] = []
    for _ in range(min(count, len(allowed))):
        gains = np.maximum(alike - best[:, None], 0.0).sum(0, dtype=np.float64)
        at = int(np.argmax(gains))
        if gains[at] <= 0.0:
            break
        chosen.append(at)
        best = np.maximum(best, alike[:, at])
    return Covering(
        allowed[np.array(chosen, np.intp)], float(best.mean(dtype=np.float64)) if len(best) else 0.0
    )


class Examples(NamedTuple):
    """Of a class: rows (t,) that stand for it, how well they do, and rows (b,) that are almost of another."""

    typical: Indices
    coverage: float
    borderline: Indices


def examples(
    vectors: Floats, own: Floats, other: Floats, *, typical: int = 3, borderline: int = 3
) -> Examples:
    """Choose examples of one class among rows whose label isn't doubted.

    Typical ones are chosen among its surest half to cover all of its rows, borderline ones among the fifth
    whose label leads by the least, to cover these. vectors: (N, D); own: probability (N,) of the class;
    other: of the likeliest other one (N,).
    """
    rows = len(vectors)
    lead = np.asarray(own, np.float64) - other
    order = np.argsort(-lead, kind="stable")
    sure = np.sort(order[: max(typical, int(np.ceil(TYPICAL * rows)))])
    standing = cover(vectors, typical, sure)
    near = order[::-1][: max(borderline, int(np.ceil(CLOSE * rows)))]
    near = near[(np.asarray(other)[near] >= PLAUSIBLE) & ~np.isin(near, standing.rows)]
    chosen = near[cover(vectors[near], borderline).rows]
    return Examples(standing.rows, standing.coverage, chosen)


def _unit(vectors: Floats) -> NDArray[np.float32]:
    values = np.asarray(vectors, np.float32)
    unit: NDArray[np.float32] = values / np.maximum(
        np.linalg.norm(values, axis=1, keepdims=True), np.finfo(np.float32).tiny
    )
    return unit
