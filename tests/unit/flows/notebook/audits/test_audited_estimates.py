"""Shares and coefficients by the front door: named classes, what people said, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labelworks as lw

NAMES = np.array(["cat", "dog", "owl"])
PAGE = (Path(__file__).parents[5] / "docs/inference.md").read_text()


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray, Any]:
    """True classes, given labels of which a fifth is wrong, and what is found of them."""
    rng = np.random.default_rng(0)
    true = rng.choice(3, 3000, p=[0.5, 0.3, 0.2])
    vectors = 3 * np.eye(3)[true] + rng.normal(size=(3000, 3))
    labels = np.where(rng.random(3000) < 0.2, (true + 1) % 3, true)
    return NAMES[true], NAMES[labels], lw.find_label_errors(NAMES[labels], features=vectors)


def test_shares_are_those_of_all_rows(made: Any) -> None:
    true, labels, found = made
    looks = lw.sample_audit(found, 300)
    predictions = found.classes[found.posterior.argmax(axis=1)]
    told = lw.estimate_with_audit(
        found, (looks["row"], true[looks["row"]]), looks["shown"], predictions=predictions
    )
    table = told.to_pandas()
    facts = {"wrong labels": (labels != true).mean(), "right predictions": (predictions == true).mean()}
    facts |= {f"truly {name}": (true == name).mean() for name in NAMES}
    for name, fact in facts.items():
        row = table.loc[name]
        assert row["low"] - 0.01 < fact < row["high"] + 0.01
        assert row["high"] - row["low"] < 0.11
    assert told.noise_rate.width < 0.8 * np.ptp(told.noise_rate.classical)
    assert "300 rows looked at" in told.summary


def test_a_row_of_no_class_is_wrong_and_of_none(made: Any) -> None:
    true, _, found = made
    rows = np.arange(0, 3000, 30)
    people = pd.Series(true[rows].astype(object))
    people[:] = None
    told = lw.estimate_with_audit(found, (rows, people))
    assert told.noise_rate.value > 0.95
    assert all(each.value < 0.05 for each in told.prevalence.values())


@pytest.mark.parametrize(
    ("people", "error", "what"),
    [
        (["cat", "cow"], lw.InputError, "'cow' is none of the classes"),
        (["cat"], lw.InputError, "audited labels has 1 rows"),
    ],
)
def test_answers_that_do_not_fit_are_refused(made: Any, people: Any, error: Any, what: str) -> None:
    with pytest.raises(error, match=what):
        lw.estimate_with_audit(made[2], ([0, 1], people))


@pytest.mark.parametrize(("rows", "what"), [([0, 3000], "no row numbers"), ([0.0, 1.0], "no row numbers")])
def test_rows_that_are_not_there_are_refused(made: Any, rows: Any, what: str) -> None:
    with pytest.raises(lw.InputError, match=what):
        lw.estimate_with_audit(made[2], (rows, ["cat", "dog"]))


def test_sets_leave_out_rows_of_no_class_with_their_probabilities(made: Any) -> None:
    true, _, found = made
    looks = lw.sample_audit(found, 300)
    rows, shown = looks["row"].to_numpy(), looks["shown"].to_numpy()
    people = true[rows].astype(object)
    people[:5] = None
    sets = lw.prediction_sets(found, audited=(rows, people), shown=shown)
    without = lw.prediction_sets(found, audited=(rows[5:], people[5:]), shown=shown[5:])
    np.testing.assert_array_equal(sets.thresholds, without.thresholds)


def test_a_regression_names_its_columns() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"age": rng.normal(size=2000), "size": rng.normal(size=2000)})
    true = 1 + 2 * table["age"] - table["size"] + rng.normal(size=2000)
    rows = np.arange(0, 2000, 10)
    found = lw.estimate_coefficients(table, true + 0.5, (rows, true[rows]))
    assert found.names == ("(intercept)", "age", "size")
    assert found.to_pandas()["coefficient"].to_numpy() == pytest.approx([1, 2, -1], abs=0.25)
    assert found.coefficients.power > 0.5


def test_the_page_runs() -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(block, names)
    low, high = names["told"].noise_rate.interval
    assert low < (names["labels"] != names["true"]).mean() < high


def test_calibration_is_held_against_people(made: Any) -> None:
    true, _, found = made
    rows = np.arange(0, 3000, 2)
    sure = np.eye(3)[found.posterior.argmax(axis=1)] * 0.98 + 0.02 / 3
    held = lw.test_calibration(found, sure / sure.sum(axis=1, keepdims=True), audited=(rows, true[rows]))
    assert held.posterior is not None and held.pred_probs is not None
    assert held.posterior.error < 0.06 and held.rows == 1500
    assert set(held.to_pandas()["of"]) == {"pred_probs", "posterior"}
    assert lw.test_calibration(found, sure / sure.sum(axis=1, keepdims=True)).posterior is None
    with pytest.raises(lw.ConfigError, match="can't tell"):
        lw.test_calibration(found)
