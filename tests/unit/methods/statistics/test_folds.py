"""Folds and samples follow the ids, and nothing else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.stats import chisquare

from labelworks.tasks.methods.statistics.folds import fold_of, hash_ids, in_sample

IDS = pa.array([f"row-{row}" for row in range(20_000)])
HASHES = hash_ids(IDS)


def test_a_hash_depends_on_its_id_alone() -> None:
    assert len(np.unique(HASHES)) == len(IDS)
    np.testing.assert_array_equal(hash_ids(IDS.slice(500, 70)), HASHES[500:570])
    np.testing.assert_array_equal(hash_ids(pa.array(["row-3"], pa.large_string())), HASHES[3:4])
    assert hash_ids(pa.array([], pa.string())).shape == (0,)


def test_a_hash_is_the_same_on_every_machine() -> None:
    assert hash_ids(pa.array(["a", "ж", ""])).tolist() == [
        13950350942979735504, 17945338065654280810, 1760245841805064774,
    ]  # fmt: skip


def test_folds_are_even() -> None:
    for folds in (2, 5, 7):
        counts = np.bincount(fold_of(HASHES, folds), minlength=folds)
        assert chisquare(counts).pvalue > 1e-4


def test_a_sample_has_its_share_in_every_fold_and_grows() -> None:
    small, large = in_sample(HASHES, 0.1), in_sample(HASHES, 0.3)
    assert np.all(large[small])
    for fold in range(5):
        here = fold_of(HASHES, 5) == fold
        assert abs(large[here].mean() - 0.3) < 0.03
    assert in_sample(HASHES, 1.0).all()
    assert in_sample(HASHES, 2.5).all()
