"""A share of all rows from a model's probabilities and a few looks: coverage, width, and what is refused."""

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.inference.share import estimate_share
from labelworks.tasks.methods.inference.strata import allocation, audit_sample, strata_of

ROWS, LOOKS, TIMES = 5000, 200, 200
Q = np.random.default_rng(1).beta(0.2, 0.8, ROWS)  # the true probability of each row
MODELS = {
    "good": Q,
    "none": np.full(ROWS, 0.5),
    "random": np.random.default_rng(2).random(ROWS),
    "reversed": 1 - Q,
    "far too high": np.full(ROWS, 0.95),
}


def tried(proxy, true, looks=LOOKS, times=TIMES):
    """How often the interval holds the share, and its mean width over the classical one."""
    held, widths = [], []
    classical = 2 * 1.96 * np.sqrt(true.mean() * (1 - true.mean()) / looks)
    for seed in range(times):
        rows, shown = audit_sample(proxy, looks, seed=seed)
        found = estimate_share(proxy, rows, true[rows], shown)
        held.append(found.interval[0] <= true.mean() <= found.interval[1])
        widths.append(found.width)
    return np.mean(held), np.mean(widths) / classical


@pytest.mark.parametrize("model", MODELS)
def test_intervals_hold_the_share_whatever_the_model_is_worth(model):
    true = np.random.default_rng(3).random(ROWS) < Q
    held, width = tried(MODELS[model], true)
    assert held >= 0.90
    assert width <= 1.0
    if model == "good":
        assert width <= 0.7


def test_a_rare_share_is_covered():
    proxy = np.random.default_rng(4).beta(0.05, 2, ROWS)
    true = np.random.default_rng(5).random(ROWS) < np.minimum(0.8 * proxy + 0.002, 1)
    held, _ = tried(proxy, true)
    assert true.mean() < 0.03
    assert held >= 0.92


def test_looks_chosen_otherwise_are_weighed_by_how_likely_they_were_shown():
    """Rows of the wanted kind shown five times as often, in a way that the proxy doesn't know."""
    rng = np.random.default_rng(6)
    true = rng.random(ROWS) < 0.3
    chance = np.where(true, 0.25, 0.05)
    values = []
    for _ in range(40):
        rows = np.flatnonzero(rng.random(ROWS) < chance)
        values.append(estimate_share(np.full(ROWS, 0.3), rows, true[rows], chance[rows]).value)
    assert np.mean(values) == pytest.approx(true.mean(), abs=0.01)


def test_all_rows_looked_at_leave_no_doubt():
    true = np.arange(40) % 4 == 0
    found = estimate_share(np.full(40, 0.2), np.arange(40), true)
    assert found.value == pytest.approx(0.25)
    assert found.interval == pytest.approx((0.25, 0.25))


def test_of_no_hit_the_share_may_still_be_more_than_none():
    found = estimate_share(np.full(10_000, 1e-4), np.arange(100), np.zeros(100, bool))
    assert found.interval[0] == pytest.approx(0, abs=1e-3)
    assert 0.01 < found.interval[1] < 0.05  # three in a hundred by the rule of three


def test_the_sample_is_the_design():
    proxy = np.random.default_rng(7).beta(0.3, 2, ROWS)
    rows, shown = audit_sample(proxy, LOOKS)
    strata = strata_of(np.clip(proxy, 1e-6, 1), LOOKS)
    counts = allocation(strata, np.clip(proxy, 1e-6, 1), LOOKS)
    assert len(rows) == len(np.unique(rows)) == counts.sum()
    assert abs(len(rows) - LOOKS) <= 1
    np.testing.assert_array_equal(np.bincount(strata[rows]), counts)
    assert (1 / shown).sum() == pytest.approx(ROWS)
    assert (counts / np.bincount(strata) >= 0.4 * LOOKS / ROWS).all()  # the even half


@pytest.mark.parametrize("looks", [1, 7, 500])
def test_few_rows_are_all_looked_at(looks):
    rows, shown = audit_sample(np.linspace(0, 1, 7), looks)
    assert len(rows) == min(looks, 7)
    assert shown == pytest.approx(np.full(len(rows), len(rows) / 7))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"proxy": [0.1, 1.2]}, "row 1"),
        ({"rows": [0, 0], "so": [1, 0]}, "twice"),
        ({"rows": [5], "so": [1]}, "no row numbers"),
        ({"so": [0.5]}, "answer is 0.5"),
        ({"shown": [0.0]}, "probability of being shown"),
        ({"shown": [0.5, 0.5]}, "shape"),
    ],
)
def test_what_does_not_fit_is_refused(given, what):
    values = {"proxy": [0.1, 0.2], "rows": [1], "so": [1]} | given
    with pytest.raises(InputError, match=what):
        estimate_share(**values)
