"""The cells of rows for trees, as words of 32 bits: how many are numbers, these, then codes of categories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MISSING = 0xFFFFFFFF  # of a code


def pack_cells(numbers: NDArray[np.floating], codes: NDArray[np.integer]) -> NDArray[np.uint32]:
    """Pack numbers (N, A), NaN where missing, and codes (N, B), below 0 where missing, as (N, 1 + A + B)."""
    rows, width = numbers.shape
    head = np.full((rows, 1), width, np.uint32)
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    kept = np.where(codes < 0, MISSING, codes).astype(np.uint32)
    return np.hstack([head, bits.reshape(rows, width), kept])


def unpack_cells(packed: NDArray[np.uint32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cells (N, A + B) as numbers, NaN where missing, and which columns (A + B,) are of categories."""
    width = int(packed[0, 0]) if len(packed) else 0
    cells = np.ascontiguousarray(packed[:, 1:]).view(np.float32).copy()
    codes = packed[:, 1 + width :]
    cells[:, width:] = np.where(codes == MISSING, np.nan, codes)
    return cells, np.arange(cells.shape[1]) >= width
