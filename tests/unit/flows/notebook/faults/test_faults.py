"""Faults of data on arrays, `find_leakage` and the like: what is planted is found."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import labelworks as lw
from labelworks.schemas.errors import ConfigError, InputError


def splits(rows: int = 100) -> pd.Series:
    names = np.select([np.arange(rows) < 70, np.arange(rows) < 85], ["train", "valid"], "test")
    return pd.Series(names, range(1000, 1000 + rows))


def test_rows_on_both_sides_of_a_split_are_found_by_content_and_by_id() -> None:
    features = np.random.default_rng(0).normal(size=(100, 16))
    features[90] = features[3]
    features[91] = features[5] + 0.01
    features[8] = features[7]  # both of one split
    ids = np.arange(100)
    ids[99] = ids[75] = 20
    found = lw.find_leakage(splits(), features, ids=ids)
    assert found.rows["why"].to_dict() == {
        1003: "the same content", 1090: "the same content", 1005: "nearly the same content",
        1091: "nearly the same content", 1020: "the same id", 1075: "the same id", 1099: "the same id",
    }  # fmt: skip
    assert found.rows.loc[1020, "also_in"] == ("test", "valid")
    assert found.splits.loc["test"].to_dict() == {"rows": 15, "exact": 1, "near": 1, "same_id": 1}
    assert found.summary == "4 rows of 30 outside of training in another split too"
    assert not len(lw.find_leakage(splits(), np.random.default_rng(1).normal(size=(100, 16))).rows)


def test_labels_that_training_lacks_and_times_before_its_end() -> None:
    labels, times = np.where(np.arange(100) == 95, "owl", "cat").astype(object), pd.Series(np.arange(100))
    labels[96], times[80] = np.nan, 2  # a missing label is none that training lacks
    found = lw.find_leakage(splits(), labels=labels, times=times)
    assert found.splits["unseen_labels"].to_dict() == {"test": ("owl",), "train": (), "valid": ()}
    assert found.splits["early"].to_dict() == {"test": 0, "train": 0, "valid": 1}


def test_of_splits_nothing_to_compare_by_and_wrong_lengths_are_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to compare by"):
        lw.find_leakage(splits())
    with pytest.raises(InputError, match="ids has 3 rows"):
        lw.find_leakage(splits(), ids=[1, 2, 3])
    with pytest.raises(ConfigError, match="similarity is 2"):
        lw.find_leakage(splits(), ids=range(100), similarity=2)


def test_a_property_that_tells_the_label_is_told_from_those_that_do_not() -> None:
    rng = np.random.default_rng(2)
    labels = pd.Series(rng.choice(["cat", "dog"], 600), range(600))
    camera = np.where(rng.random(600) < 0.2, rng.integers(0, 2, 600), labels == "dog")
    found = lw.find_shortcuts(labels, {"hour": rng.integers(0, 24, 600), "camera": camera.astype(int)})
    table = found.to_pandas()
    assert table["tells"].to_dict() == {"camera": True, "hour": False}
    assert table.loc["camera", "accuracy"] > 0.85
    assert "camera" in found.summary and "hour" not in found.summary
    with pytest.raises(InputError, match="property 'who'"):
        lw.find_shortcuts(labels, {"who": ["a"] * 600})
    with pytest.raises(ConfigError, match="nothing to look at"):
        lw.find_shortcuts(labels)


def test_images_that_are_brighter_in_one_class() -> None:
    labels = np.arange(80) % 2
    images = [picture(120 + 60 * int(label)) for label in labels]
    assert lw.find_shortcuts(labels, images=images).to_pandas().loc["brightness", "tells"]


def picture(grey: int) -> bytes:
    sink = io.BytesIO()
    Image.new("L", (4, 4), grey).save(sink, "PNG")
    return sink.getvalue()


def test_labels_changed_together_are_found_and_of_clean_ones_nothing() -> None:
    rng = np.random.default_rng(3)
    true = rng.choice(4, 800, p=[0.4, 0.3, 0.2, 0.1])
    features = 2 * rng.normal(size=(4, 8))[true] + rng.normal(size=(800, 8))
    labels = pd.Series(np.array(["a", "b", "c", "d"])[true], range(5000, 5800))
    assert lw.find_poison(labels, features).summary == "0 regions of 0 rows"
    inside = np.flatnonzero(true == 0)
    far = np.linalg.norm(features[inside] - features[inside].mean(axis=0), axis=1)
    changed = inside[np.argsort(far)[:40]]
    labels.iloc[changed] = "c"
    found = lw.find_poison(labels, features)
    assert set(found.rows["label"]) == {"c"} and set(found.rows["around"]) == {"a"}
    assert found.rows.index.isin(5000 + changed).mean() > 0.8
    assert len(found.rows) > 20 and (found.rows["p_value"] <= 0.05).all()


def test_labels_drawn_by_chance_are_found_under_their_index_and_of_clean_ones_nothing() -> None:
    rng = np.random.default_rng(5)
    true = rng.integers(0, 3, 600)
    features = 4 * np.eye(3, 6)[true] + rng.normal(size=(600, 6))
    labels = pd.Series(np.array(["a", "b", "c"])[true], range(5000, 5600))
    clean = lw.find_unlearnable(labels, features)
    assert clean.summary == "0 regions of 0 rows"
    inside = np.flatnonzero(true == 0)
    changed = inside[np.argsort(np.linalg.norm(features[inside] - features[inside[0]], axis=1))[:60]]
    labels.iloc[changed] = rng.choice(["a", "b", "c"], 60)
    found = lw.find_unlearnable(labels, features)
    assert list(found.rows) == list(clean.rows) == ["region", "label", "right", "expected", "p_value"]
    assert len(found.rows) > 10 and found.rows.index.isin(5000 + changed).mean() > 0.5
    assert (found.rows["label"] == labels.loc[found.rows.index]).all()
    assert (found.rows["right"] < found.rows["expected"]).all() and (found.rows["p_value"] <= 0.05).all()


def test_examples_are_of_labels_that_nothing_speaks_against() -> None:
    rng = np.random.default_rng(4)
    true = rng.integers(0, 2, 500)
    features = 3 * np.eye(2)[true] + rng.normal(size=(500, 2))
    wrong = rng.random(500) < 0.1
    labels = pd.Series(np.array(["cat", "dog"])[np.where(wrong, 1 - true, true)], range(700, 1200))
    findings = lw.find_label_errors(labels, features=features)
    found = lw.choose_examples(findings, features)
    assert found.rows.groupby(["label", "kind"]).size().unstack()["typical"].to_dict() == {"cat": 3, "dog": 3}
    assert not findings.flag[found.rows.index - 700].any()
    borderline = found.rows[found.rows["kind"] == "borderline"]
    assert len(borderline) and borderline["probability"].min() >= 0.05
    assert all(0 < each <= 1 for each in found.coverage.values())
    with pytest.raises(ConfigError, match="typical is 0"):
        lw.choose_examples(findings, features, typical=0)
