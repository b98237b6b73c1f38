"""`estimate_performance` and `rank_models` as people call them: names, tables, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import labelworks as lw

NAMES = np.array(["cat", "dog", "eel"])


def window(rng: np.random.Generator, rows: int, mix: list[float]) -> tuple[np.ndarray, pd.DataFrame]:
    labels = rng.choice(3, rows, p=mix)
    logits = 2.0 * np.eye(3)[labels] + rng.normal(size=(rows, 3))
    probs = np.exp(logits)
    return NAMES[labels], pd.DataFrame(probs / probs.sum(axis=1, keepdims=True), columns=NAMES)


def test_a_models_tables_in_any_order() -> None:
    rng = np.random.default_rng(0)
    labels, probs = window(rng, 800, [0.4, 0.3, 0.3])
    hidden, target = window(rng, 400, [0.1, 0.1, 0.8])
    found = lw.estimate_performance(labels, probs, target[["eel", "cat", "dog"]])
    true = (NAMES[target.to_numpy().argmax(axis=1)] == hidden).mean()
    assert found.figures.loc["accuracy", "value"] == pytest.approx(true, abs=0.06)
    assert found.by_class is not None and found.confusion is not None
    assert found.by_class.loc["eel", "share"] == pytest.approx(0.8, abs=0.08)
    assert found.confusion.columns.tolist() == NAMES.tolist()
    assert "accuracy" in found.summary and "400 rows" in found.summary


def test_predictions_by_name_are_enough() -> None:
    rng = np.random.default_rng(1)
    labels, probs = window(rng, 1500, [0.4, 0.3, 0.3])
    hidden, target = window(rng, 800, [0.1, 0.1, 0.8])
    says = [pd.Series(NAMES[each.to_numpy().argmax(axis=1)]) for each in (probs, target)]
    found = lw.estimate_performance(labels, predictions=says[0], target_predictions=says[1])
    assert found.figures.loc["accuracy", "value"] == pytest.approx((says[1] == hidden).mean(), abs=0.06)


def test_numbers() -> None:
    rng = np.random.default_rng(2)
    features = rng.normal(size=(300, 2))
    labels = features[:, 0] + rng.normal(size=300)
    found = lw.estimate_performance(
        labels, predictions=features[:, 0], target_predictions=features[:100, 0],
        features=features, target_features=features[:100],
    )  # fmt: skip
    assert found.confusion is None and found.figures.index.tolist() == ["mae", "mse", "rmse"]
    assert found.figures.loc["mae", "value"] == pytest.approx(0.8, abs=0.15)
    assert "mae" in found.summary


def test_what_is_missing_or_no_class_is_named() -> None:
    labels, probs = window(np.random.default_rng(3), 100, [0.4, 0.3, 0.3])
    for given in ({}, {"pred_probs": probs}, {"predictions": labels}, {"features": probs}):
        with pytest.raises(lw.ConfigError, match="both windows"):
            lw.estimate_performance(labels, **given)
    with pytest.raises(lw.ConfigError, match="a model of numbers"):
        lw.estimate_performance(labels, probs, probs, features=probs)
    with pytest.raises(lw.InputError, match="'emu'"):
        lw.estimate_performance(labels, probs, probs, predictions=["emu"] * 100, target_predictions=labels)
    with pytest.raises(lw.InputError, match="rows = true class"):
        lw.estimate_performance(labels, probs, probs, value=[[1]])


def test_ranks_by_what_was_found_of_the_labels() -> None:
    rng = np.random.default_rng(4)
    true = rng.choice(3, 600)
    features = 6 * np.eye(3)[true] + rng.normal(size=(600, 3))
    given = np.where(rng.random(600) < 0.15, (true + 1) % 3, true)
    noise = lw.find_label_errors(given, features=features)
    says = pd.DataFrame({"parrot": given, "thinker": np.where(rng.random(600) < 0.95, true, 0)})
    found = lw.rank_models(given, says, noise=noise)
    rank = found.table["rank"]
    assert rank["given", "parrot"] == 1
    assert rank["corrected", "thinker"] == rank["posterior", "thinker"] == rank["platinum", "thinker"] == 1
    low, high = found.differences.loc[("corrected", "parrot", "thinker"), ["low", "high"]]
    assert low < high < 0
    assert "2 by corrected" in found.summary


def test_label_sets_and_strangers() -> None:
    found = lw.rank_models(["a", "b"], {"x": ["b", "zebra"], "y": ["a", "b"]}, corrected=[["a", "b"], ["c"]])
    assert found.table.loc[("corrected", "x"), "accuracy"] == 0.5
    with pytest.raises(lw.ConfigError, match="sure is 2"):
        lw.rank_models(["a", "b"], {"x": ["a", "b"]}, sure=2)
