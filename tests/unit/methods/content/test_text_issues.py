"""Each issue of texts is found where it was put in, and nowhere else; what can't be told is NaN."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made_languages import SENTENCES
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.content.rows import ContentRows

NAMES = [each.name for each in registry.methods("content") if "text" in each.modality]
SUBJECTS = ["my card", "the parcel", "our invoice", "the old account", "this transfer", "a refund"]
VERBS = ["is lost", "has not arrived", "was sent back", "is still here", "should be changed"]
ENDS = ["and what should I do", "since last week", "so please help me", "because of the bank"]


def texts(rows: int = 400) -> list[str]:
    rng = np.random.default_rng(3)
    return [" ".join(str(rng.choice(part)) for part in (SUBJECTS, VERBS, ENDS)) for _ in range(rows)]


def flagged(name: str, values: list[str | None], base: list[str] | None = None) -> list[bool]:
    method = registry.get("content", name).target()
    method.fit(ContentRows.of("text", pa.array(base or texts())))
    score = pickle.loads(pickle.dumps(method)).judge(ContentRows.of("text", pa.array(values, pa.string())))
    assert score.shape == (len(values),) and np.all(np.isnan(score) | ((score >= 0) & (score <= 1)))
    return list(score < 0.5)


@pytest.mark.parametrize("name", NAMES)
def test_usual_texts_have_no_issue(name: str) -> None:
    assert not any(flagged(name, texts()))


def test_empty_is_what_shows_nothing() -> None:
    held = [None, "", " \n\t", "\u200b\u2060", "\u3164", ".", "a", "\u4f60"]
    assert flagged("empty", held) == [True] * 5 + [False] * 3


def test_length_is_relative_to_the_dataset() -> None:
    usual = texts()[0]
    values = [usual, f"{usual} " * 30, "lost", None, ""]
    assert flagged("too-long", values) == [False, True, False, False, False]
    assert flagged("too-short", values) == [False, False, True, False, False]
    long_ones = [f"{each} " * 30 for each in texts()]
    assert flagged("too-long", values, long_ones) == [False] * 5
    assert flagged("too-short", values, long_ones)[:3] == [True, False, True]


def test_mostly_symbols_counts_letters_of_any_script() -> None:
    values = [
        "!!! ??? --- ab",
        "\u4f60\u597d\u3002",
        "42 17 99",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        None,
        "\U0001f600\U0001f600 hm",
    ]
    assert flagged("mostly-symbols", values) == [True, False, False, False, False, False]
    assert flagged("mostly-symbols", ["\U0001f600\U0001f600\U0001f600 hm", "{}[]();;#a"]) == [True, True]


@pytest.mark.parametrize("language", [name for name in SENTENCES if name != "en"])
def test_another_language_is_told(language: str) -> None:
    assert np.mean(flagged("other-language", list(SENTENCES[language]))) == 1


def test_what_is_merely_another_topic_is_not() -> None:
    assert not any(flagged("other-language", ["this is the best of the songs that I was sent by my sister"]))
    assert not any(flagged("other-language", ["Bonjour", "12 34", "a", ""]))  # too few words, or none


def test_two_languages_in_equal_parts_are_both_usual() -> None:
    both = [*texts(200), *(each for _ in range(34) for each in SENTENCES["ru"])]
    assert not any(flagged("other-language", [*SENTENCES["ru"], *texts(50)], both))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=60)), min_size=1, max_size=5))
def test_whatever_texts_hold_they_are_scored(values: list[str | None]) -> None:
    held = [None if each is None else each.encode("utf-8", "ignore").decode() for each in values]
    for name in NAMES:
        method = registry.get("content", name).target()
        rows = ContentRows.of("text", pa.array(held, pa.string()))
        method.fit(rows)
        score = method.judge(rows)
        assert np.all(np.isnan(score) | ((score >= 0) & (score <= 1)))
