import numpy as np
import pandas as pd
import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.drift.calendar import LIMIT, MOST, calendar

DAYS = pd.date_range("2024-12-20", "2025-04-10", freq="D")
KEYS = (DAYS - pd.Timestamp(0)).days.to_numpy().astype(float)
ONES = np.ones(len(KEYS), dtype=int)


@pytest.mark.parametrize(("by", "freq"), [("week", "W-SUN"), ("month", "M"), ("quarter", "Q"), ("year", "Y")])
def test_windows_are_those_of_pandas(by, freq):
    found = calendar(KEYS, ONES, "day", by)
    periods = DAYS.to_period(freq)
    assert len(found.names) == periods.nunique()
    assert (found.of(KEYS) == pd.factorize(periods)[0]).all()


def test_names_begin_with_the_date():
    assert calendar(KEYS, ONES, "day", "quarter").names == ("2024 Q4", "2025 Q1", "2025 Q2")
    assert calendar(KEYS, ONES, "day", "month").names[:2] == ("2024-12", "2025-01")
    assert calendar(KEYS, ONES, "day", "week").names[0] == "2024-12-16"  # a Monday
    assert calendar(KEYS * 24 + 5, ONES, "hour", "hour").names[0] == "2024-12-20T05"


def test_auto_takes_the_shortest_of_which_there_are_few():
    assert calendar(KEYS, ONES, "day").by == "week"
    assert calendar(KEYS[:30], ONES[:30], "day").by == "day"
    years = np.arange(0, 365 * 30, 7.0)
    assert calendar(years, np.ones(len(years), int), "day").by == "year"


def test_numbers_are_windows_or_ranges_of_equal_rows():
    few = calendar(np.array([3.0, 1, 2]), np.array([1, 5, 9]), "number")
    assert few.names == ("1", "2", "3") and few.of(np.array([2.0, np.nan])).tolist() == [1, -1]
    many = calendar(np.arange(1000.0), np.ones(1000, int), "number")
    assert len(many.names) == MOST and many.names[0] == "0 to 20"
    assert np.ptp(np.bincount(many.of(np.arange(1000.0)))) <= 1


def test_what_can_t_be_made_is_said():
    with pytest.raises(ConfigError, match="by month need times"):
        calendar(np.array([1.0, 2]), np.array([1, 1]), "number", "month")
    keys = np.arange(LIMIT + 1.0)
    with pytest.raises(ConfigError, match="501 windows by day"):
        calendar(keys, np.ones(len(keys), int), "day", "day")
