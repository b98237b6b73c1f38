"""`find_content_issues`: rows with their issues, under their index; wrong input is refused by row."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import labelworks as lw

VERBS = ["send", "forward", "bring", "post", "carry", "return", "deliver", "hand over", "ship", "take"]
PLACES = ["to my new address", "to the office in town", "back by Monday morning", "by train or by ship",
          "for a friend of mine", "with all of the others"]  # fmt: skip
TEXTS = [f"please {verb} the letter {place}" for verb in VERBS for place in PLACES]


def test_issues_are_under_the_index_of_the_texts() -> None:
    texts = pd.Series([*TEXTS, None, "%% -- && :: ?? !! a b ++ ~~ <> () [] ;;"], index=range(100, 162))
    found = lw.find_content_issues(texts)
    assert found.issues["issues"].to_dict() == {160: "empty", 161: "mostly-symbols"}
    assert len(found.to_pandas()) == 62 and found.order_p_value is None
    assert "2 rows of 62 with an issue: empty 1, mostly-symbols 1" in repr(found)
    assert "mostly-symbols" in found._repr_html_()


def test_personal_data_is_pointed_at_and_not_shown() -> None:
    found = lw.find_content_issues([*TEXTS, "please send the letter to jo.doe@example.org and to my address"])
    assert found.flags["e-mail-address"].tolist() == [False] * 60 + [True]
    assert "jo.doe" not in repr(found) + found._repr_html_() + found.to_pandas().to_csv()


def test_near_duplicates_are_told_without_a_vector() -> None:
    found = lw.find_content_issues([*TEXTS, TEXTS[7].upper(), f"{TEXTS[20]}!"])
    assert set(np.flatnonzero(found.flags["near-duplicate"])) == {7, 60, 20, 61}
    assert found.scores["near-duplicate"][7] == 0 and 0 < found.scores["near-duplicate"][61] < 0.5


def test_features_and_labels_give_value_uniqueness_and_order() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b"], 60)
    features = 6 * (labels[:, None] == ["a", "b"]) + rng.normal(size=(120, 2))
    features[1] = features[0]
    labels[30] = "b"
    found = lw.find_content_issues(features=features, labels=labels)
    assert found.scores["value"].idxmin() == 30 and found.scores["value"][30] < 0
    assert found.scores["uniqueness"][:2].tolist() == [0, 0]
    assert found.order_p_value is not None and found.order_p_value <= 0.01
    assert lw.find_content_issues(features=rng.normal(size=(120, 2))).order_p_value > 0.05


def test_images_are_looked_at_as_far_as_there_are_issues_of_images() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)).save(buffer, "PNG")
    assert len(lw.find_content_issues(images=[buffer.getvalue()] * 4).flags) == 4


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({}, "texts"),
        ({"texts": ["a", 3]}, "row 1"),
        ({"images": [b"a", "b"]}, "row 1"),
        ({"texts": ["a", "b"], "features": np.zeros((3, 2))}, "features"),
        ({"features": np.zeros((3, 2)), "labels": ["a"]}, "features"),
    ],
)
def test_what_is_given_wrongly_is_refused(given: dict[str, object], where: str) -> None:
    with pytest.raises(lw.InputError) as caught:
        lw.find_content_issues(**given)
    assert caught.value.where == where
