"""Columns that speak for another class than a row's label."""

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.methods.examples.telling import BINS, LEAST_ROWS, binned, evidence

ROWS = 400


@pytest.mark.parametrize(
    "column",
    [
        pa.array(np.arange(ROWS, dtype="f4")),
        pa.array([f"{value}.5" for value in range(ROWS)]),
        pa.array(np.datetime64("2024-01-01") + np.arange(ROWS)),
        pa.array([str(np.datetime64("2024-01-01") + day) for day in range(ROWS)]),
    ],
)
def test_numbers_and_dates_are_in_bins_of_about_as_many_rows(column):
    bins = binned(column)
    assert (np.diff(bins) >= 0).all()
    counts = np.bincount(bins, minlength=BINS + 1)[1:]
    assert len(counts) == BINS and counts.min() > 0.8 * ROWS / BINS


def test_a_value_of_few_rows_is_not_looked_at_by_itself():
    values = ["a"] * LEAST_ROWS + ["b"] * (LEAST_ROWS - 1) + ["c", None, ""]
    bins = binned(pa.array(values))
    assert bins[0] not in bins[LEAST_ROWS:]
    assert len(set(bins[LEAST_ROWS : 2 * LEAST_ROWS])) == 1
    assert bins[-2:].tolist() == [0, 0]


def test_what_is_frequent_in_the_other_class_speaks_for_it_and_noise_for_neither():
    labels = np.repeat([0, 1], ROWS // 2)
    high = np.where(labels == 1, 2, 1)
    high[0] = 2  # row 0 is labelled 0 and like class 1
    noise = np.tile([1, 2], ROWS // 2)
    rows, given, other = np.array([0, 1]), np.array([0, 0]), np.array([1, 1])
    told = evidence(high, labels, rows, given, other)
    assert told[0] > np.log(10) and told[1] < -np.log(10)
    assert np.abs(evidence(noise, labels, rows, given, other)).max() < 0.01
    assert (evidence(high, np.full(ROWS, -1), rows, given, other) == 0).all()
