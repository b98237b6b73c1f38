import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.drift.by_window import LEAST, between, by_window
from labelworks.tasks.methods.drift.sequential import monitor


def stream(moved, windows=12, rows=60, start=6, seed=0):
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(windows), rows)
    return rng.normal(size=(len(of), 5)).astype(np.float32) + moved * (of >= start)[:, None], of


def test_a_drift_is_seen_where_it_begins():
    features, of = stream(1.0)
    found = by_window(features, of)
    assert found.tests[0] is None
    p_values = [test.p_value for test in found.tests[1:]]
    assert min(p_values[:5]) > 0.01 and p_values[5] < 0.01
    assert found.tests[6].effect > 0.2
    assert found.sequential.alarm is not None and 6 <= found.sequential.alarm <= 9
    assert found.sequential.looks == 11


def test_no_drift_rings_no_more_often_than_alpha():
    alarms = [by_window(*stream(0.0, windows=8, rows=40, seed=seed)).sequential.alarm for seed in range(60)]
    assert sum(alarm is not None for alarm in alarms) <= 3


def test_windows_are_tested_against_a_reference_where_there_is_one():
    features, of = stream(0.8, windows=6, start=0)  # all of them are unlike it, and like each other
    reference = np.random.default_rng(9).normal(size=(400, 5)).astype(np.float32)
    found = by_window(features, of, reference=reference)
    assert all(test.p_value < 0.01 and test.effect > 0.1 for test in found.tests)
    assert found.sequential.alarm is not None


def test_the_alarm_goes_on_from_an_earlier_one():
    features, of = stream(0.0, windows=4)
    first = by_window(features, of).sequential
    assert by_window(features, of, state=first).sequential.looks == 2 * first.looks


def test_rows_of_no_window_and_short_windows_are_left_out():
    features, of = stream(0.0, windows=3)
    of[:10] = -1
    short = np.where(np.arange(len(of)) >= len(of) - 60 + LEAST - 1, -1, of)
    found = by_window(features, short)
    assert found.tests[1] is not None and found.tests[2] is None
    with pytest.raises(InputError, match="a code for each row"):
        by_window(features, of[:-1])
    with pytest.raises(InputError, match="columns"):
        by_window(features, of, reference=np.zeros((50, 4), np.float32))


def test_fifty_looks_keep_the_promise_with_the_tests_themselves():
    """Each batch against all rows before, by a real test: of 12 streams without drift one may ring."""
    rang = 0
    for seed in range(12):
        rows = np.random.default_rng(seed).normal(size=(51 * 30, 2)).astype(np.float32)
        state = None
        for look in range(1, 51):
            found = between(rows[: 30 * look], rows[30 * look : 30 * (look + 1)])
            state = monitor(found.p_value, state)
        assert state.looks == 50
        rang += state.alarm is not None
    assert rang <= 2  # of 12 at .05: more in 2 % of tries at most
