import numpy as np
import pytest

from labelworks.tasks.methods.noise.core.claims.contradictions import possible_errors


def contradicted(rows, wrong, mistakes, seed=0):
    """Rows from sure to unsure: a share of wrong labels everywhere, and mistakes that grow with the place."""
    rng = np.random.default_rng(seed)
    place = (np.arange(rows) + 0.5) / rows
    error, mistake = rng.random(rows) < wrong, rng.random(rows) < mistakes * (0.1 + 0.9 * 7 * place**6)
    return error | mistake, np.full(rows, wrong), place, np.ones(rows, bool), error


@pytest.mark.parametrize(("wrong", "mistakes"), [(0.1, 0.0), (0.1, 0.1), (0.3, 0.05), (0.05, 0.05)])
def test_errors_are_told_from_mistakes(wrong, mistakes):
    *known, error = contradicted(100_000, wrong, mistakes)
    found = possible_errors(*known)
    assert found.mean == pytest.approx(error.sum() / (100_000 * wrong), abs=0.2)


def test_mistakes_alone_are_no_errors():
    seen, expected, place, heard, _ = contradicted(20_000, 0.0, 0.1)
    assert possible_errors(seen, expected + 0.1, place, heard).mean < 0.1


def test_few_rows_leave_it_open():
    spreads = []
    for rows in (200, 2_000, 20_000):
        found = possible_errors(*contradicted(rows, 0.1, 0.05)[:4])
        spreads.append(np.sqrt(found.weight @ (found.times - found.mean) ** 2))
    assert spreads[0] > 1.5 * spreads[1] > 2 * spreads[2]


def test_the_truth_is_within_what_is_possible():
    inside = 0
    for seed in range(100):
        *known, error = contradicted(600, 0.1, 0.06, seed)
        found = possible_errors(*known)
        low, high = np.interp([0.05, 0.95], np.cumsum(found.weight), found.times)
        inside += low <= error.sum() / 60 <= high
    assert inside >= 85


def test_nothing_contradicted_is_next_to_no_error():
    rows = 500
    found = possible_errors(
        np.zeros(rows, bool), np.full(rows, 0.1), np.arange(rows) / rows, np.ones(rows, bool)
    )
    assert found.mean < 0.02


def test_rows_that_are_not_heard_say_nothing():
    seen, expected, place, heard, _ = contradicted(5_000, 0.1, 0.0)
    heard = np.arange(5_000) % 2 == 0
    some = possible_errors(seen, expected, place, heard)
    seen[~heard] = True
    assert (possible_errors(seen, expected, place, heard).weight == some.weight).all()


def test_mistakes_on_sure_rows_are_no_errors_where_neighbours_dispute_as_many_there():
    """A model that knows little errs everywhere alike, as labels go wrong that depend on the class alone."""
    rng = np.random.default_rng(0)
    place = np.arange(4_000) / 4_000
    seen, expected, heard = rng.random(4_000) < 0.3, np.full(4_000, 0.3), np.ones(4_000, bool)
    flat = (rng.random(4_000) < 0.4).astype(float)
    steep = (rng.random(4_000) < place**5).astype(float)
    unasked = np.where(rng.random(4_000) < 0.5, np.nan, flat)
    without = possible_errors(seen, expected, place, heard).mean
    assert without > 0.9 and possible_errors(seen, expected, place, heard, steep).mean > 0.9
    for disputed in (flat, unasked):
        assert possible_errors(seen, expected, place, heard, disputed).mean < 0.8
