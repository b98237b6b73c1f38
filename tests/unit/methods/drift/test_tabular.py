import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.drift.tabular import BINS, VALUES, by_column


def test_categories_agree_with_scipy():
    rng = np.random.default_rng(0)
    before, after = rng.choice(["a", "b", "c"], 900, p=[0.5, 0.3, 0.2]), rng.choice(["a", "b", "d"], 600)
    found = by_column({"site": before}, {"site": after})["site"]
    names = ["a", "b", "c", "d"]
    table = np.array([[np.sum(each == name) for name in names] for each in (before, after)])
    expected = chi2_contingency(table)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    p, q = (row / row.sum() for row in table)
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2), abs=0.01)


def test_numbers_are_cut_at_their_quantiles():
    rng = np.random.default_rng(1)
    before, after = rng.normal(size=4000), rng.normal(0.5, size=4000)
    found = by_column({"age": before, "same": before}, {"age": after, "same": rng.normal(size=4000)})
    assert found["age"].p_value < 1e-10 and found["age"].effect > 0.15
    assert found["same"].p_value > 0.01 and found["same"].effect < 0.1
    # half a deviation apart, the distribution functions differ by 0.195 at most and .138 on average of ranks
    assert found["age"].wasserstein / BINS == pytest.approx(0.138, abs=0.02)


def test_missing_values_are_values_and_rare_ones_are_one():
    before, after = np.full(500, np.nan), np.where(np.arange(500) < 250, np.nan, 1.0)
    assert by_column({"x": before}, {"x": after})["x"].p_value < 1e-10
    assert by_column({"x": before}, {"x": before})["x"].p_value == 1.0
    names = np.array([f"v{i}" for i in range(5 * VALUES)])
    assert np.isfinite(by_column({"x": names}, {"x": names[::-1]})["x"].psi)


def test_what_can_t_be_compared_is_said():
    with pytest.raises(InputError, match="same columns"):
        by_column({"x": [1, 2]}, {"y": [1, 2]})
    with pytest.raises(InputError, match="'x' has shapes"):
        by_column({"x": []}, {"x": [1.0]})


def test_rounding_of_one_window_to_halves_is_no_drift():
    rng = np.random.default_rng(3)
    before, after = (np.round(rng.normal(size=rows), 1) for rows in (800, 600))
    mixed = by_column({"x": before.astype(np.float32)}, {"x": after.astype(np.float16)})["x"]
    both = by_column({"x": before.astype(np.float16)}, {"x": after.astype(np.float16)})["x"]
    assert mixed == both and mixed.p_value > 0.01
