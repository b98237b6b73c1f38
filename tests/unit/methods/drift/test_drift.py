import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp
from scipy.stats import wasserstein_distance as scipy_wasserstein

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.drift import test as drift
from labelworks.tasks.methods.drift.auto import kernels
from labelworks.tasks.methods.drift.count_tests import compare
from labelworks.tasks.methods.drift.frame import DriftParts, Frame, p_values
from labelworks.tasks.methods.drift.mmd import Mmd

TESTS = [method.name for method in registry.methods("drift")]


def windows(seed=0, n=200, m=300, width=6, moved=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)), rng.normal(size=(m, width)) + moved


@pytest.mark.parametrize("method", TESTS)
def test_sees_a_moved_mean(method):
    found = drift(*windows(moved=0.6), method=method)
    assert found.drifted and found.p_value <= 0.05
    assert 0.1 < found.effect <= 1


@pytest.mark.parametrize("method", TESTS)
def test_false_alarms_are_as_promised(method):
    alarms = [drift(*windows(seed, 40, 60, 3), method=method).drifted for seed in range(25)]
    assert np.mean(alarms) < 0.21  # 3.7 standard errors above .05


@pytest.mark.parametrize("method", TESTS)
def test_few_rows_of_many_columns_don_t_ring(method):
    alarms = [drift(*windows(seed, 30, 90, 50), method=method).drifted for seed in range(10)]
    assert np.mean(alarms) < 0.35


@pytest.mark.parametrize("method", TESTS)
def test_effect_doesn_t_grow_with_rows(method):
    few = drift(*windows(1, 500, 500, moved=0.5), method=method)
    many = drift(*windows(2, 4000, 4000, moved=0.5), method=method)
    assert many.p_value <= few.p_value
    assert abs(many.effect - few.effect) < 0.15


@pytest.mark.parametrize("method", TESTS)
def test_windows_of_very_different_length(method):
    assert drift(*windows(3, 20, 3000, moved=1.0), method=method).drifted
    assert 0 < drift(*windows(4, 20, 3000), method=method).p_value <= 1


def test_auto_sees_outliers_and_duplicates():
    reference, current = windows(5, 300, 300, 20)
    corrupt, copied = current.copy(), current.copy()
    corrupt[:30] *= 2.5
    copied[:25] = copied[0]
    assert drift(reference, corrupt).drifted
    assert drift(reference, copied).drifted


def test_the_moved_feature_is_named():
    reference, current = windows(6, 400, 400)
    current[:, 2] += 0.8
    found = drift(reference, current)
    assert found.per_feature is not None
    assert found.per_feature.argmin() == 2 and found.per_feature[2] < 0.001
    assert (np.delete(found.per_feature, 2) > 0.001).all()
    assert found.per_feature_effect.argmax() == 2
    exact = [ks_2samp(*pair).statistic for pair in zip(reference.T, current.T, strict=True)]
    assert np.abs(found.per_feature_effect - exact).max() < 0.04


def test_the_permuted_maximum_is_no_weaker_than_bonferroni():
    rng = np.random.default_rng(14)
    shared = rng.normal(size=(500, 1))
    rows = shared + 0.3 * rng.normal(size=(500, 40))  # features that go together: Bonferroni counts each
    reference, current = rows[:250], rows[250:] + 0.2
    each = [ks_2samp(*pair).pvalue for pair in zip(reference.T, current.T, strict=True)]
    found = drift(reference, current, method="ks")
    assert found.p_value < min(1.0, 40 * min(each)) / 2
    assert found.per_feature.min() >= min(each)


def test_ks_distance_is_close_to_the_exact_one():
    reference, current = windows(7, 400, 500, 1, moved=0.3)
    found = drift(reference, current, method="ks")
    assert found.effect == pytest.approx(ks_2samp(reference[:, 0], current[:, 0]).statistic, abs=0.03)


def test_random_features_approach_the_kernel():
    reference, current = (window.astype(np.float32) for window in windows(8, 300, 300, moved=0.4))
    frame = Frame.of(reference, current)
    parts = DriftParts(frame, [Mmd], "mmd")
    parts.add_reference(reference)
    parts.add_current(current)

    def mean(a, b):
        apart = ((a[:, None] - b) ** 2).sum(axis=2)
        return np.exp(-apart / (2 * frame.scale)).mean()

    exact = mean(reference, reference) + mean(current, current) - 2 * mean(reference, current)
    assert parts.finish().statistic == pytest.approx(exact, rel=0.25)
    for values in kernels(np.concatenate([reference, current]), 300).values():
        assert values[0] > values[1:].max()


def test_one_column_may_come_flat():
    reference, current = windows(11, 200, 200, 1, moved=1.0)
    assert drift(reference[:, 0], current[:, 0]).drifted


def test_constant_windows_don_t_drift():
    found = drift(np.ones((50, 3)), np.ones((60, 3)))
    assert not found.drifted and found.effect < 1e-3


def test_bad_windows_are_refused():
    reference, current = windows()
    with pytest.raises(InputError, match="6 columns and current 5"):
        drift(reference, current[:, :5])
    current[4, 1] = np.inf
    with pytest.raises(InputError, match="row 4 of current is not finite"):
        drift(reference, current)
    with pytest.raises(InputError, match="rows >= 2"):
        drift(reference[:1], reference)
    with pytest.raises(ConfigError, match="unknown drift method"):
        drift(reference, reference, method="elsa")
    with pytest.raises(ConfigError, match="alpha is 5"):
        drift(reference, reference, alpha=5)


def test_columns_agree_with_scipy():
    first, second = np.array([30, 50, 20, 0]), np.array([10, 60, 25, 5])
    found, expected = compare(first, second), chi2_contingency([first, second])
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.wasserstein == pytest.approx(scipy_wasserstein(range(4), range(4), first, second))
    assert 0 < found.jensen_shannon < 1 and found.psi > 0


def test_equal_histograms_show_nothing():
    found = compare([10, 20, 0], [10, 20, 0])
    assert found.p_value == 1 and found.psi == 0 and found.effect == 0 and found.wasserstein == 0
    with pytest.raises(InputError, match="no histogram"):
        compare([0, 0], [1, 2])


@pytest.mark.parametrize("method", TESTS)
@pytest.mark.parametrize("value", [0.0, 0.1, 7.3, 1e18, 3e38, 1e-30])
def test_equal_rows_don_t_differ_at_all(method, value):
    for n, m in ((2, 2), (50, 60), (700, 30)):
        found = drift(np.full((n, 3), value), np.full((m, 3), value), method=method)
        assert found.p_value == 1 and not found.drifted and found.effect == 0


@pytest.mark.parametrize("method", TESTS)
def test_the_unit_of_the_rows_plays_no_part(method):
    reference, current = (each.astype(np.float32) for each in windows(15, 90, 70, moved=0.2))
    plain = drift(reference, current, method=method)
    for unit in (2.0**100, 2.0**-100):  # squares that single precision can't hold
        found = drift(unit * reference, unit * current, method=method)
        assert (found.p_value, found.effect) == pytest.approx((plain.p_value, plain.effect))


@pytest.mark.parametrize("method", TESTS)
def test_half_floats_of_hundreds_are_like_any_others(method):
    halves = [(300 * each).astype(np.float16) for each in windows(16, 300, 200, moved=0.5)]
    plain = drift(*(half.astype(np.float64) for half in halves), method=method)
    found = drift(*halves, method=method)
    assert found.drifted and found.p_value == plain.p_value and found.effect == pytest.approx(plain.effect)


@pytest.mark.parametrize("method", TESTS)
def test_a_constant_column_is_as_if_it_weren_t_there(method):
    reference, current = windows(17, 200, 200, 3, moved=0.5)
    wide = [np.column_stack([each, np.full(len(each), 1000.1)]) for each in (reference, current)]
    assert drift(*wide, method=method).drifted


@pytest.mark.parametrize("method", TESTS)
def test_a_row_of_another_size_is_no_error(method):
    reference, current = windows(18, 700, 100)
    reference[3, 0] = 1e30
    assert 0 < drift(reference, current, method=method).p_value <= 1


@pytest.mark.parametrize("method", TESTS)
def test_ties_of_coarse_values_count_half(method):
    """Of two values there are few statistics: their p-values are spread around a half all the same."""
    rng = np.random.default_rng(19)
    found = [
        drift(*((rng.random((rows, 1)) < 0.3).astype(float) for rows in (25, 20)), method=method).p_value
        for _ in range(40)
    ]
    assert 0.3 < np.mean(found) < 0.65  # 4 standard errors below a half, 3 above


def test_p_values_are_the_shares_counted_one_by_one():
    rng = np.random.default_rng(20)
    values = rng.integers(0, 6, size=(2, 1000)) + 1e-9 * rng.random((2, 1000))
    for row, found in zip(values, p_values(values, np.array([1e-6, 1e-6])), strict=True):
        apart = np.round(row)[:, None] - np.round(row)
        expected = ((apart < 0).sum(axis=1) + ((apart == 0).sum(axis=1) + 1) / 2) / 1000
        assert found == pytest.approx(np.where(np.round(row) == 0, 1.0, expected))


@pytest.mark.parametrize("rows", [np.full((5, 2), "a"), np.array([["a", 1]] * 5, dtype=object)])
def test_windows_of_text_are_refused(rows):
    with pytest.raises(InputError, match=r"current holds .*, not numbers"):
        drift(np.ones((5, 2)), rows)


def test_what_single_precision_can_t_hold_is_refused():
    with pytest.raises(InputError, match="row 1 of reference is not finite in single precision"):
        drift(np.array([[0.0], [1e300]]), np.ones((5, 1)))


@pytest.mark.parametrize("method", TESTS)
@pytest.mark.parametrize("unit", [1.0, 1e-7])
def test_rounding_of_one_window_to_halves_is_no_drift(method, unit):
    reference, current = (1000 * (unit == 1.0) + unit * rows for rows in windows(9))
    rounded = drift(reference.astype(np.float32), current.astype(np.float16), method=method)
    both = drift(*(rows.astype(np.float16) for rows in (reference, current)), method=method)
    assert (rounded.p_value, rounded.effect) == (both.p_value, both.effect)
    assert not rounded.drifted


def test_a_number_beyond_the_halves_is_compared_as_it_is():
    reference, current = windows(10)
    reference[0] = 1e6
    assert np.isfinite(drift(reference.astype(np.float32), current.astype(np.float16)).statistic)
