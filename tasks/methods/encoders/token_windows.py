"""Word pieces of a sentence as a model sees them: at once, or of a long one in windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

CONTEXT = 4  # of a window of a long sentence, a quarter on either side is only looked at
NOBODY = -1  # a piece that is of no token of its window


@dataclass(frozen=True)
class Frame:
    """Pieces that a window has room for, what the tokenizer puts before them and behind.

    first_piece: a token is seen by the first of its pieces alone.
    """

    room: int
    before: Sequence[int] = ()
    after: Sequence[int] = ()
    first_piece: bool = False


@dataclass(frozen=True, eq=False)
class Window:
    """Pieces (P,) of a sentence as the model sees them, and the token of the window that each is of (P,)."""

    ids: NDArray[np.int64]
    owner: NDArray[np.int64]
    tokens: int


def windows(pieces: Sequence[Sequence[int]], frame: Frame) -> list[Window]:
    """Windows of a sentence by the pieces of its words; every word is of one of them, in their order.

    A word of more pieces than a window is about has its first ones.
    """
    if sum(map(len, pieces)) <= frame.room:
        return [_window(pieces, 0, len(pieces), frame)] if pieces else []
    around = max(frame.room // CONTEXT, 1)
    most = max(frame.room - 2 * around, 1)
    cut = [of_word[:most] for of_word in pieces]
    return [
        _window(cut[low:high], start - low, stop - low, frame)
        for low, start, stop, high in _cuts(cut, most, around)
    ]


def _cuts(pieces: Sequence[Sequence[int]], most: int, around: int) -> Iterator[tuple[int, int, int, int]]:
    """Of each window the first word that is seen, the first that is its own, and the ends of both."""
    ends = [0, *accumulate(map(len, pieces))]
    start = 0
    while start < len(pieces):
        stop = start + 1
        while stop < len(pieces) and ends[stop + 1] - ends[start] <= most:
            stop += 1
        low, high = start, stop
        while low > 0 and ends[start] - ends[low - 1] <= around:
            low -= 1
        while high < len(pieces) and ends[high + 1] - ends[stop] <= around:
            high += 1
        yield low, start, stop, high
        start = stop


def _window(pieces: Sequence[Sequence[int]], start: int, stop: int, frame: Frame) -> Window:
    """The window of these words, whose own are those from start to stop."""
    ids = [*frame.before, *(piece for of_word in pieces for piece in of_word), *frame.after]
    owner = [
        place - start if start <= place < stop and not (frame.first_piece and number) else NOBODY
        for place, of_word in enumerate(pieces)
        for number in range(len(of_word))
    ]
    left, right = ([NOBODY] * len(side) for side in (frame.before, frame.after))
    return Window(np.array(ids, np.int64), np.array([*left, *owner, *right], np.int64), stop - start)
