"""Token ids of many texts as one flat array: no list a row, and no padding before the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TokenRows:
    """Ids (T,) of N rows one after the other; row k from offsets[k] to offsets[k + 1] of (N + 1,)."""

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, rows: TokenRows | Sequence[Sequence[int] | NDArray[np.integer]]) -> TokenRows:
        """Rows of ids (n,) each; those that lie so already as they are."""
        if isinstance(rows, TokenRows):
            return rows
        return cls.made(np.fromiter(map(len, rows), np.int64, len(rows)), rows)

    @classmethod
    def made(cls, lengths: NDArray[np.int64], rows: Iterator[Any] | Sequence[Any]) -> TokenRows:
        """Rows of so many ids (N,) each, drawn one by one."""
        offsets = np.append(0, np.cumsum(lengths))
        return cls(np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        return self.ids[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many ids each row has (N,)."""
        return np.diff(self.offsets)

    def only(self, rows: NDArray[np.intp]) -> TokenRows:
        """Some rows (n,), in their order."""
        lengths = self.lengths[rows]
        offsets = np.append(0, np.cumsum(lengths))
        place = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return TokenRows(self.ids[place], offsets)
