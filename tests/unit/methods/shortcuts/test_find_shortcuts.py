"""Properties of rows: what they are, that clean tables alarm at their level, that a planted one is named."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from labelworks.tasks.methods.shortcuts import properties
from labelworks.tasks.methods.shortcuts.find import LEVEL, find_shortcuts


def made(rng: np.random.Generator, rows: int, classes: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Properties that go with each other, as those of texts do, and labels that go with none."""
    length = rng.lognormal(4, 1, rows).round()
    values = {
        "characters": length,
        "words": (length / 5 + rng.normal(size=rows)).round().clip(1),
        "share of capitals": rng.beta(1, 20, rows),
        "share of digits": np.where(rng.random(rows) < 0.8, 0.0, rng.random(rows)),
        "share of punctuation": rng.beta(2, 30, rows),
    }
    return values, rng.choice(classes, rows, p=rng.dirichlet(np.ones(classes)))


def found(values, given, rng, classes):
    half = rng.integers(0, 2, len(given))
    return find_shortcuts(values, given, half, [str(row) for row in range(len(given))], range(classes))


@pytest.mark.parametrize("classes", [2, 5, 30])
def test_clean_tables_alarm_at_most_at_the_level_over_all_properties(classes: int) -> None:
    """Of 400 tables, 3 sizes: any property of five within three standard errors of 5 %."""
    rng, tables = np.random.default_rng(classes), 400
    alarms = 0
    for table in range(tables):
        values, given = made(rng, (150, 500, 2000)[table % 3], classes)
        alarms += any(each.tells for each in found(values, given, rng, classes).properties)
    assert alarms / tables <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / tables)


def test_a_planted_shortcut_is_first_and_says_where() -> None:
    rng = np.random.default_rng(1)
    values, given = made(rng, 1000, 4)
    told = (given == 3) & (rng.random(1000) < 0.8)
    values["share of digits"] = np.where(told, 0.5 + 0.01 * rng.random(1000), values["share of digits"] * 0.4)
    first, *others = found(values, given, rng, 4).properties
    assert (first.name, first.tells, first.label) == ("share of digits", True, 3)
    assert 0.5 <= first.low <= first.high <= 0.51 and first.share == 1.0
    assert all(given[int(row)] == 3 for row in first.examples)
    assert not any(each.tells for each in others)


def test_missing_values_and_constants_are_left_out() -> None:
    rng = np.random.default_rng(2)
    given = rng.integers(0, 2, 100)
    values = {
        "bytes": np.full(100, 7.0),
        "width": np.full(100, np.nan),
        "height": np.where(given, np.nan, 3.0),
    }
    assert found(values, given, rng, 2).properties == ()


def test_texts_are_measured_in_characters_whatever_the_script() -> None:
    values = properties.of_texts(pa.array(["ÄB c1!", "", None, "日本 12"]))
    assert values["characters"][[0, 1, 3]].tolist() == [6, 0, 5]
    assert np.isnan(values["characters"][2]) and values["words"][0] == 2
    assert values["share of capitals"][0] == pytest.approx(2 / 6)
    assert values["share of digits"][3] == pytest.approx(2 / 5)
    assert values["share of punctuation"][0] == pytest.approx(1 / 6)


def test_images_are_measured_and_what_is_none_is_not() -> None:
    def encoded(level: int) -> bytes:
        sink = io.BytesIO()
        Image.new("RGB", (20, 10), (level,) * 3).save(sink, "PNG")
        return sink.getvalue()

    dark, bright = encoded(0), encoded(255)
    values = properties.of_images(pa.array([dark, bright, b"no image", None], pa.binary()))
    assert values["brightness"][:2].tolist() == [0.0, 1.0] and values["contrast"][0] == 0.0
    assert (values["width"][0], values["height"][0], values["bytes"][0]) == (20, 10, len(dark))
    assert all(np.isnan(each[2:]).all() for each in values.values())
