"""Rows that are ready for a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Prepared:
    """Rows ready for the device: what each usable one is and how long (1 if all are), and all reasons."""

    items: Sequence[Any] | NDArray[Any]
    lengths: NDArray[np.int64]
    usable: NDArray[np.intp]
    reasons: list[str | None]


class Ragged(Sequence[NDArray[np.int32]]):
    """Rows of numbers of unlike lengths, one after the other: `numbers` (sum of lengths,), `ends` (N,)."""

    def __init__(self, numbers: NDArray[np.int32], lengths: NDArray[np.int64]) -> None:
        self.numbers, self.lengths, self.ends = numbers, lengths, np.cumsum(lengths)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, row: Any) -> Any:
        """The numbers of a row, not copied."""
        end = self.ends[row]
        return self.numbers[end - self.lengths[row] : end]


def ragged(rows: Sequence[Sequence[int]]) -> Ragged:
    """Rows of Python's numbers as one array."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    return Ragged(np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum())), lengths)
