"""The words of rows as numbers of 32 bits: bucket and weight, as many a row as fit, the heaviest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

BITS = 8  # of a weight, below those of the bucket
HEAVIEST = (1 << BITS) - 1  # what a weight of 1 is kept as
MOST_BUCKETS = 1 << (32 - BITS)


def pack_words(weights: Any, width: int) -> NDArray[np.uint32]:
    """Pack sparse weights in (0, 1] by row and bucket (N, B) as (N, width), 0 where there is no further word.

    Of a row with more words the lightest are left out. A word that is kept weighs something.
    """
    rows = csr_array(weights)
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    order = np.lexsort((rows.indices, -rows.data, owner))
    place = np.arange(len(owner)) - rows.indptr[owner]
    heavy = np.clip(np.rint(rows.data[order] * HEAVIEST), 1, HEAVIEST).astype(np.uint32)
    codes = (rows.indices[order].astype(np.uint32) << np.uint32(BITS)) | heavy
    kept = place < width
    packed = np.zeros((rows.shape[0], width), np.uint32)
    packed[owner[kept], place[kept]] = codes[kept]
    return packed


def unpack_words(words: NDArray[np.uint32], buckets: int) -> Any:
    """Whole weights (N, buckets), sparse, int64, of packed words (N, W): buckets past the last are folded."""
    rows, places = np.nonzero(words)
    codes = words[rows, places]
    weight = (codes & np.uint32(HEAVIEST)).astype(np.int64)
    bucket = (codes >> np.uint32(BITS)).astype(np.int64) % buckets
    return coo_array((weight, (rows, bucket)), shape=(len(words), buckets)).tocsr()
