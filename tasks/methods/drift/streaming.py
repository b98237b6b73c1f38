"""A drift test of two windows that come in parts: two passes, memory that doesn't grow with rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import check_alpha, hashes
from labelworks.tasks.methods.drift.auto import AUTO
from labelworks.tasks.methods.drift.base import LONG_NAMES, DriftTest, chunks, drift_test, pair
from labelworks.tasks.methods.drift.classifier import Probe
from labelworks.tasks.methods.drift.frame import SAMPLE, DriftParts, Frame, Make, size_of_blocks
from labelworks.tasks.methods.drift.frechet import Frechet
from labelworks.tasks.methods.drift.ks import Ks
from labelworks.tasks.methods.drift.mmd import Mmd
from labelworks.tasks.methods.statistics.float16 import rounded

Parts = Callable[[], Iterable[NDArray[np.generic]]]
STATISTICS: dict[str, Sequence[Make]] = {
    "auto": AUTO,
    "mmd": (Mmd,),
    "classifier": (Probe,),
    "ks": (Ks,),
    "frechet": (Frechet,),
}


def drift_over(reference: Parts, current: Parts, *, method: str = "auto", alpha: float = 0.05) -> DriftTest:
    """Test whether two windows of features that come in parts are from one distribution.

    reference() and current() yield parts (n, D), finite; both are called twice and must yield the same rows
    in the same order, cut into parts as they like; a buffer may be filled again. Scales come from the first
    pass, the statistics from the second; where a part is of half floats, all are rounded to them. A test of a
    plug-in, of which no sums are known, sees a sample by chance of each window.
    Raises InputError on bad rows or windows of too different length, ConfigError on an unknown method.
    """
    name = LONG_NAMES.get(method, method)
    test = drift_test(name)
    check_alpha(alpha)
    first, second = _Kept("reference"), _Kept("current")
    for kept, source in ((first, reference), (second, current)):
        for part in source():
            kept.add(part)
    halves = first.halves or second.halves
    if name not in STATISTICS:
        rows = _shares(first, second, least=2)
        return test(*pair(*(rounded(block) if halves else block for block in rows)), alpha)
    parts = DriftParts(
        _frame(first, second, halves), STATISTICS[name], name, size_of_blocks(first.seen, second.seen)
    )
    for add, source in ((parts.add_reference, reference), (parts.add_current, current)):
        for part in source():
            add(rounded(part) if halves else part)
    return parts.finish(alpha)


def _frame(first: _Kept, second: _Kept, halves: bool) -> Frame:
    """Scales by the same share of both windows; halves: some part came in half floats."""
    rows = np.concatenate(_shares(first, second))
    return Frame.fit(rounded(rows) if halves else rows)


def _shares(first: _Kept, second: _Kept, least: int = 1) -> list[NDArray[np.float32]]:
    """The same share of both windows, of the rows kept, and at least so many of either."""
    for kept in (first, second):
        if kept.seen < 2:
            raise InputError(f"the {kept.name} window has {kept.seen} rows", fix="a test needs two or more")
    share = min(1.0, 2 * SAMPLE / (first.seen + second.seen))
    shares = [kept.rows[: max(least, round(share * kept.seen))] for kept in (first, second)]
    if shares[0].shape[1] != shares[1].shape[1]:
        raise InputError(
            f"reference has {shares[0].shape[1]} columns and current {shares[1].shape[1]}",
            fix="encode both windows with the same encoder",
        )
    return shares


class _Kept:
    """Rows of the smallest hashes of their numbers, in the order of these: the same however parts are cut."""

    def __init__(self, name: str) -> None:
        self.name, self.seen, self.bound = name, 0, np.uint64(2**64 - 1)
        self.halves = False
        self.keys, self.rows = np.empty(0, dtype=np.uint64), np.empty((0, 0), dtype=np.float32)

    def add(self, part: NDArray[np.generic]) -> None:
        """Look at the next rows."""
        width = self.rows.shape[1] if self.seen else part.shape[-1]
        self.halves = self.halves or part.dtype == np.float16
        for rows in chunks(part, width, self.name, self.seen):
            keys = hashes(np.arange(self.seen, self.seen + len(rows), dtype=np.uint64))
            new = keys <= self.bound
            self.seen += len(rows)
            self.keys = np.append(self.keys, keys[new])
            self.rows = np.concatenate([self.rows.reshape(-1, width), rows[new]])
            self._cut()

    def _cut(self) -> None:
        least = np.argsort(self.keys)[: 2 * SAMPLE]
        self.keys, self.rows = self.keys[least], self.rows[least]
        if len(least) == 2 * SAMPLE:
            self.bound = self.keys[-1]
