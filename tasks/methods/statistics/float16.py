"""Half floats to single ones, many times as fast as a cast: vectors are kept as halves and read twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = float(np.finfo(np.float16).max)
KEPT = np.int32(-0x70002000)  # 0x8FFFE000: the sign, five bits of the exponent, ten of the fraction
SHIFT = 13  # by which a half's fraction is shorter
REBIASED = np.float32(2.0**112)  # a half's exponent is counted from 15, a single's from 127
AT_ONCE = 1 << 19  # numbers at a time, so that the four steps stay in cache


def rounded(rows: NDArray[Any]) -> NDArray[np.floating]:
    """Numbers as halves would hold them, in float32, so that they can be compared with halves.

    Halves themselves, and a number beyond the largest half, stay as they are.
    """
    if rows.dtype == np.float16:
        return rows
    numbers = rows.astype(np.float32, copy=False)
    fits = np.abs(numbers) <= LARGEST
    halves = np.where(fits, numbers, 0).astype(np.float16)
    return np.where(fits, halves.astype(np.float32), numbers)


def single(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Finite numbers (N, D) as float32; the same array if they are. Halves exactly, subnormal ones too."""
    if rows.dtype != np.float16:
        return rows.astype(np.float32, copy=False)
    singles = np.empty(rows.shape, dtype=np.float32)
    size = max(AT_ONCE // max(rows[:1].size, 1), 1)
    for start in range(0, len(rows), size):
        part = singles[start : start + size]
        bits = part.view(np.int32)
        np.copyto(bits, np.ascontiguousarray(rows[start : start + size]).view(np.int16))
        np.left_shift(bits, SHIFT, out=bits)
        np.bitwise_and(bits, KEPT, out=bits)
        np.multiply(part, REBIASED, out=part)
    return singles
