"""The rows that an encoder is fitted on: a share of all, whatever fold or sample they are in."""

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.methods.encoders.base import fit_share
from labelworks.tasks.methods.statistics.folds import fitted_on, fold_of, hash_ids, in_sample

HASHES = hash_ids(pa.array([f"row {number}" for number in range(20_000)]))


def test_fitted_rows_are_half_of_every_fold_and_of_every_sample() -> None:
    fitted = fitted_on(HASHES, 0.5)
    folds, sampled = fold_of(HASHES, 5), in_sample(HASHES, 0.25)
    shares = [fitted[folds == fold].mean() for fold in range(5)]
    np.testing.assert_allclose([fitted.mean(), fitted[sampled].mean(), *shares], 0.5, atol=0.04)
    assert fitted_on(HASHES, 1.0).all()


@pytest.mark.parametrize(
    ("name", "kind", "share"), [("auto", "text", 0.5), ("auto", "vector", 1.0), ("http", "text", 1.0)]
)
def test_an_encoder_that_shows_its_rows_says_so(name: str, kind: str, share: float) -> None:
    assert fit_share(name, kind) == share
