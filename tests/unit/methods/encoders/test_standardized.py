"""Columns of numbers in units of their spread: of any size, and where none differs between rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.encoders.standardize import StandardizeEncoder
from labelworks.tasks.methods.encoders.tables.table import TableEncoder

NUMBERS = np.random.default_rng(0).normal(1, 1, 200)


def column(values: np.ndarray) -> pa.Array:
    return pa.StructArray.from_arrays([pa.array(values)], names=["a"])


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_a_column_is_the_same_in_any_unit(factor: float) -> None:
    """Squares of 1e-300 are nothing, those of 1e300 infinite: neither makes the column a constant."""
    encoder = StandardizeEncoder()
    encoder.load(encoder.fit(column(NUMBERS * factor)))
    vectors = encoder.encode(column(NUMBERS * factor)).vectors
    wanted = (NUMBERS - NUMBERS.mean()) / NUMBERS.std()
    assert np.abs(vectors[:, 0] - wanted).max() < 1e-5


@pytest.mark.parametrize("encoder", [StandardizeEncoder, TableEncoder])
def test_columns_none_of_which_differs_between_rows_are_refused(
    encoder: type[StandardizeEncoder] | type[TableEncoder],
) -> None:
    with pytest.raises(InputError, match="no column of the features differs between rows: a"):
        encoder().fit(column(np.ones(200)))
