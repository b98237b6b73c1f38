"""Which fold a row is in, and whether it is in the sample: by the hash of its id, so stable as data grows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

HOLDOUT = 0  # the fold that the choice among maps of random features doesn't see
MIX = np.uint64(0x9E3779B97F4A7C15)  # golden-ratio multiplier: the sample must not follow the folds
FITTED = np.uint64(0xD1B54A32D192ED03)  # nor the rows that an encoder is fitted on the sample (Steele 2014)


def hash_ids(ids: pa.Array) -> NDArray[np.uint64]:
    """Hash string ids (N,) to uint64 (N,); the same on every machine."""
    values = ids.to_numpy(zero_copy_only=False).astype(object)
    return np.asarray(pd.util.hash_array(values, categorize=False), dtype=np.uint64)


def fold_of(hashes: NDArray[np.uint64], n_folds: int) -> NDArray[np.int64]:
    """Fold in [0, F) of each hash (N,)."""
    return np.asarray(hashes % np.uint64(n_folds), dtype=np.int64)


def share_of(limit: int, rows: int) -> float:
    """The share of rows that gives a sample of at most about `limit`: a power of a half.

    So it stays the same, and the sample with it, while the number of rows doesn't double.
    """
    return 2.0 ** -max(math.ceil(math.log2(max(rows, 1) / limit)), 0)


def in_sample(hashes: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    """Which rows (N,) are in a sample of about that share of all rows."""
    return _drawn(hashes, share, MIX)


def fitted_on(hashes: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    """Which rows (N,) an encoder may be fitted on that takes about that share of all rows."""
    return _drawn(hashes, share, FITTED)


def _drawn(hashes: NDArray[np.uint64], share: float, by: np.uint64) -> NDArray[np.bool_]:
    if share >= 1.0:
        return np.ones(len(hashes), dtype=bool)
    with np.errstate(over="ignore"):
        mixed = hashes * by
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53 < share)
