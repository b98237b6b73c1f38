"""Factors become one weight: of mean 1, clipped as a stated effective sample asks, part by part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.weights.class_balance import class_balance
from labelworks.tasks.methods.treatment.weights.core.density import density_ratio
from labelworks.tasks.methods.treatment.weights.core.joint import WeightSums
from labelworks.tasks.methods.treatment.weights.core.rows import MassSums, WeighedRows, WeightFacts
from labelworks.tasks.methods.treatment.weights.core.weigh import weigh_all
from labelworks.tasks.methods.treatment.weights.group_balance import group_balance
from labelworks.tasks.methods.treatment.weights.propensity import propensity
from labelworks.tasks.planning.values import policy_of

ROWS = 400
RNG = np.random.default_rng(0)
LABEL = RNG.integers(0, 3, ROWS).astype(np.int32)
RIGHT = RNG.uniform(0.2, 1, ROWS).astype(np.float32)


def policy(*factors: str | dict[str, dict[str, object]], share: float = 0.0) -> Policy:
    weights = {"factors": list(factors), "min_effective_share": share}
    return policy_of(TreatConfig.model_validate({"weights": weights}))


def effective(weights: np.ndarray) -> float:
    return float(weights.sum() ** 2 / np.square(weights).sum() / len(weights))


def test_the_weight_is_the_product_of_its_factors_of_mean_one() -> None:
    facts = WeightFacts(np.array([0.5, 1.0, 4.0]))
    found = weigh_all(WeighedRows(LABEL, RIGHT), facts, policy("label-shift", "right"))
    product = facts.class_weights[LABEL] * RIGHT  # type: ignore[index]
    np.testing.assert_allclose(found.weight, product / product.mean(), rtol=1e-5)
    assert found.scale.clip == np.inf
    assert list(found.factors) == ["label-shift", "right"]


@given(st.floats(0.05, 0.6), st.integers(0, 9))
def test_the_clip_is_the_highest_that_leaves_the_share(share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    right, importance = rng.uniform(0.5, 1, 500), rng.lognormal(0, 2, 500)
    scale = WeightSums.of(right, importance).scale(share)
    weights = scale.weigh(right, importance).astype(np.float64)
    assert weights.mean() == pytest.approx(1, rel=1e-5)
    assert effective(weights) >= share - 1e-5
    if scale.clip < np.inf:
        higher = np.minimum(importance, scale.clip * 1.01) * right
        assert effective(higher) < share


def test_where_so_many_cannot_count_rows_count_by_trust_alone() -> None:
    right = np.where(np.arange(100) < 95, 0.0, 1.0)  # five rows are right: no clip makes twenty of them
    importance = RNG.lognormal(0, 1, 100)
    scale = WeightSums.of(right, importance).scale(0.2)
    np.testing.assert_allclose(scale.weigh(right, importance), right * 20, rtol=1e-5)


def test_sums_of_parts_are_those_of_the_whole() -> None:
    importance = RNG.lognormal(0, 2, ROWS)
    parts = [WeightSums.of(RIGHT[rows], importance[rows]) for rows in np.array_split(np.arange(ROWS), 7)]
    one, whole = WeightSums.merged(parts).scale(0.4), WeightSums.of(RIGHT, importance).scale(0.4)
    assert (one.clip, one.mean) == pytest.approx((whole.clip, whole.mean))
    names = np.where(RNG.random(ROWS) < 0.3, "a", "b")
    rows = [
        WeighedRows(LABEL[each], RIGHT[each], columns={"g": names[each]})
        for each in (slice(9), slice(9, None))
    ]
    merged = MassSums.merged([MassSums.of(row, 3, ["g"]) for row in rows])
    full = MassSums.of(WeighedRows(LABEL, RIGHT, columns={"g": names}), 3, ["g"])
    np.testing.assert_allclose(merged.rows_by_class, full.rows_by_class)
    assert merged.cells["g"] == pytest.approx(full.cells["g"])


def test_classes_balance_as_beta_says() -> None:
    label = np.repeat([0, 1], [900, 100]).astype(np.int32)
    rows = WeighedRows(label, np.ones(1000, np.float32))
    facts = WeightFacts(rows_by_class=np.array([900.0, 100.0]))
    for beta, ratio in ((0.0, 1.0), (1.0, 9.0), (0.999, (1 - 0.999**900) / (1 - 0.999**100))):
        found = class_balance(rows, facts, beta=beta)
        assert found[-1] / found[0] == pytest.approx(ratio)
        assert found.mean() == pytest.approx(1)


def test_groups_count_alike_within_each_class_and_a_class_as_before() -> None:
    label = np.repeat([0, 0, 1, 1], [80, 20, 10, 30]).astype(np.int32)
    group = np.repeat(["f", "m", "f", None], [80, 20, 10, 30]).astype(object)
    rows = WeighedRows(label, np.ones(140, np.float32), columns={"sex": group})
    facts = WeightFacts(cells=MassSums.of(rows, 2, ["sex"]).cells)
    found = group_balance(rows, facts, column="sex")
    sums = [found[:80].sum(), found[80:100].sum(), found[100:110].sum(), found[110:].sum()]
    np.testing.assert_allclose(sums, [50, 50, 20, 20])


def test_a_density_ratio_undoes_a_shift_of_covariates_and_says_nothing_of_none() -> None:
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(3000, 3)), rng.normal([0.8, 0, 0], size=(2000, 3))
    found = density_ratio(source, target)
    assert found is not None
    weights = found.of(source)
    assert weights.mean() == pytest.approx(1, abs=0.05)
    assert np.average(source[:, 0], weights=weights) == pytest.approx(0.8, abs=0.1)
    shares = found.source_share(source)
    np.testing.assert_allclose((1 - shares) / shares, weights * 2000 / 3000)
    assert density_ratio(source[:1500], source[1500:]) is None
    assert density_ratio(source, target[:20]) is None


def test_a_propensity_is_a_column_or_estimated() -> None:
    rows = WeighedRows(LABEL[:3], RIGHT[:3], columns={"p": np.array([0.5, 1.0, 0.1])})
    np.testing.assert_allclose(propensity(rows, WeightFacts(), column="p"), [2, 1, 10])
    assert propensity(rows, WeightFacts()).tolist() == [1, 1, 1]
    bad = WeighedRows(LABEL[:2], RIGHT[:2], columns={"p": np.array([0.5, 0.0])})
    with pytest.raises(InputError, match=r"column 'p': a propensity is 0"):
        propensity(bad, WeightFacts(), column="p")


def test_where_no_column_is_at_hand_its_factors_are_left_out() -> None:
    chosen = policy("right", {"group-balance": {"column": "sex"}}, {"propensity": {}})
    assert chosen.columns == ("sex",)
    assert chosen.without_columns().factors == (Chosen("right", {}), Chosen("propensity", {}))
