"""A share of all rows from a model's probabilities and a few looks: coverage, width, and what is refused."""

import numpy as np
import pytest
from scipy.stats import binom

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.audit.allocation import allocated, audit_sample
from labelworks.tasks.methods.audit.share import AuditedStrata, estimate_share, expected_width, strata_share
from labelworks.tasks.methods.audit.strata import ProxySums, proxy_strata

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
    strata = proxy_strata(ProxySums.of(proxy), LOOKS)
    counts = allocated(strata.rows, strata.spread, LOOKS)
    assert len(rows) == len(np.unique(rows)) == counts.sum() == LOOKS
    np.testing.assert_array_equal(np.bincount(strata.of(proxy)[rows]), counts)
    assert (1 / shown).sum() == pytest.approx(ROWS)
    assert (counts / strata.rows >= 0.4 * LOOKS / ROWS).all()  # the even half


def test_sums_of_strata_say_what_the_rows_do():
    proxy, rng = np.random.default_rng(8).beta(0.3, 2, ROWS), np.random.default_rng(9)
    true = rng.random(ROWS) < proxy
    rows, shown = audit_sample(proxy, LOOKS, seed=3)
    parts = [ProxySums.of(proxy[:1000]), ProxySums.of(proxy[1000:])]
    strata = proxy_strata(ProxySums.merged(parts), LOOKS)
    so = true[rows].astype(float)
    sums = AuditedStrata.of(strata.rows, strata.likely, strata.of(proxy[rows]), so, 1 / shown)
    rowwise, summed = estimate_share(proxy, rows, true[rows], shown), strata_share(sums)
    assert summed.interval == pytest.approx(rowwise.interval)
    assert summed.value == pytest.approx(rowwise.value)
    counts = allocated(strata.rows, strata.spread, LOOKS)
    assert rowwise.width == pytest.approx(expected_width(strata, counts), rel=0.4)


@pytest.mark.parametrize("looks", [30, 100])
def test_of_one_stratum_the_interval_covers_as_mid_p_does(looks):
    """Whatever the share is: what each number of hits says, weighed by how likely it is."""
    ends = np.array([one_stratum(hits, looks) for hits in range(looks + 1)])
    shares = np.linspace(0.005, 0.995, 199)
    held = (ends[:, :1] <= shares) & (shares <= ends[:, 1:])
    covered = (binom.pmf(np.arange(looks + 1)[:, None], looks, shares) * held).sum(axis=0)
    assert 0.945 < covered.mean() < 0.975
    assert covered.min() > 0.90
    assert (ends[:, 1] > ends[:, 0]).all()
    np.testing.assert_allclose(ends, 1 - ends[::-1, ::-1], atol=0.02)


def one_stratum(hits, looks):
    so = np.arange(looks) < hits
    sums = AuditedStrata.of([10**9], [0.5], np.zeros(looks, int), so.astype(float), np.ones(looks))
    return strata_share(sums).interval


def test_a_stratum_without_a_look_is_joined_with_the_one_below():
    stratum, so, alike = np.array([1, 1, 3]), np.array([1.0, 0, 1]), np.ones(3)
    sums = AuditedStrata.of([10, 20, 30, 40], [0.1, 0.2, 0.3, 0.4], stratum, so, alike)
    assert sums.rows.tolist() == [60, 40]
    assert sums.likely.tolist() == pytest.approx([(1 + 4 + 9) / 60, 0.4])
    assert (sums.looks.tolist(), sums.so.tolist()) == ([2, 1], [1, 1])


@pytest.mark.parametrize("looks", [2, 7, 500])
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
