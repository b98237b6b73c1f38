"""Whether a property tells the label: level on data where it doesn't, power where it does, exact moments."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy.stats import skew

from labelworks.tasks.methods.shortcuts.foretold import foretold, holm, moments


def counts(value: Any, label: Any, classes: int, bins: int, rng: np.random.Generator) -> np.ndarray:
    half = rng.integers(0, 2, len(value))
    found = np.zeros((2, classes, bins), np.int64)
    np.add.at(found, (half, label, value), 1)
    return found


@pytest.mark.parametrize(("rows", "classes"), [(120, 2), (400, 3), (2000, 20)])
def test_a_property_that_tells_nothing_alarms_as_rarely_as_said(rows: int, classes: int) -> None:
    """Values and classes of very unequal shares; 2,000 tables: 5 % and 1 % within three standard errors."""
    rng = np.random.default_rng(rows)
    tables = 2000
    prior, values = rng.dirichlet(np.ones(classes)), rng.dirichlet(np.full(64, 0.3))
    found = np.array(
        [
            foretold(
                counts(rng.choice(64, rows, p=values), rng.choice(classes, rows, p=prior), classes, 64, rng)
            ).p_value
            for _ in range(tables)
        ]
    )
    for level in (0.05, 0.01):
        assert np.mean(found <= level) <= level + 3 * np.sqrt(level * (1 - level) / tables)


def test_one_that_tells_is_found_with_how_much_and_where() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 600)
    value = rng.integers(0, 20, 600)
    value[(label == 2) & (rng.random(600) < 0.7)] = 30
    found = foretold(counts(value, label, 3, 64, rng))
    assert found.p_value < 1e-12 and found.strongest == (30, 2)
    assert 0.2 < found.gain < 0.7
    assert found.accuracy > found.chance + 0.1
    same = foretold(counts(label, label, 3, 64, rng))
    assert same.accuracy == 1.0 and same.gain > 0.9


def test_one_class_or_no_rows_tell_nothing() -> None:
    assert foretold(np.zeros((2, 3, 64), np.int64)).p_value == 1.0
    one = np.zeros((2, 3, 64), np.int64)
    one[:, 1, 5] = 40
    assert foretold(one).p_value == 1.0 and foretold(one).strongest is None


def test_moments_are_those_of_all_permutations() -> None:
    rng = np.random.default_rng(1)
    label, value, tells = np.array([0, 0, 1, 2, 1, 0]), np.array([0, 1, 1, 2, 3, 3]), rng.normal(size=(3, 4))
    seen = np.zeros((3, 4))
    np.add.at(seen, (label, value), 1)
    sums = [tells[list(order), value].sum() for order in permutations(label)]
    assert moments(tells, seen) == pytest.approx((np.mean(sums), np.var(sums), skew(sums)))


def test_holm_is_the_known_example() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
