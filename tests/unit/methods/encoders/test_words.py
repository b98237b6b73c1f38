"""Words of many scripts, and the encoder that counts them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.words import word_ngrams, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I am a cat, don't!", ["i", "am", "a", "cat", "don", "t"]),
        ("山水花 hello", ["山", "水", "花", "山水", "水花", "hello"]),
        ("日本語テ", ["日", "本", "語", "テ", "日本", "本語", "語テ"]),
        ("😀🚗", ["😀", "🚗", "😀🚗"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("naïve cafe\u0301", ["naïve", "cafe\u0301"]),
        ("한국어 말", ["한국어", "말"]),
        ("?! ", ["?", "!", "?!"]),
        ("", []),
    ],
)
def test_words_of_many_scripts(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_thai_has_characters_and_pairs_instead_of_one_long_word() -> None:
    found = words("สวัสดี")
    assert "สว" in found
    assert max(map(len, found)) == 2


@given(st.text())
def test_a_text_that_isn_t_blank_has_words(text: str) -> None:
    assert bool(words(text)) == bool(text.split())


def test_words_in_a_row() -> None:
    assert word_ngrams("a b c", 2) == ["a", "b", "c", "a b", "b c"]
    assert word_ngrams("a", 3) == ["a"]


def texts(vocabularies: list[list[str]], joined: str, rows: int = 240) -> tuple[pa.Array, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % len(vocabularies)
    return pa.array([joined.join(rng.choice(vocabularies[k], 6)) for k in labels]), labels


CHINESE = [
    ["山水", "风云", "花草", "树木"],
    ["汽车", "火车", "飞机", "轮船"],
    ["米饭", "面条", "包子", "水饺"],
]
EMOJI = [list("😀😃😄😁"), list("🚗🚕🚙🚌"), list("🍎🍊🍋🍌")]
LETTERS = [list("abcd"), list("efgh"), list("ijkl")]


@pytest.mark.parametrize(
    ("vocabularies", "joined"),
    [(CHINESE, " "), (CHINESE, ""), (EMOJI, ""), (LETTERS, " ")],
    ids=["spaced", "joined", "emoji", "letters"],
)
def test_tfidf_tells_classes_apart_in_any_script(vocabularies: list[list[str]], joined: str) -> None:
    column, labels = texts(vocabularies, joined)
    encoder = make("tfidf", "text", {})
    encoder.load(encoder.fit(column.slice(0, 120)))
    vectors = encoder.encode(column).vectors
    means = np.stack([vectors[:120][labels[:120] == k].mean(axis=0) for k in range(3)])
    assert np.mean((vectors[120:] @ means.T).argmax(axis=1) == labels[120:]) > 0.95


def test_tfidf_leaves_no_word_out_and_no_place_empty() -> None:
    rng = np.random.default_rng(0)
    lexicon = [f"w{number}" for number in range(2000)]
    column = pa.array([" ".join(rng.choice(lexicon[: 1 + row * 8], 8)) for row in range(250)])
    encoder = make("tfidf", "text", {"dims": 60})
    encoder.load(encoder.fit(column))
    vectors = encoder.encode(column).vectors
    assert vectors.shape == (250, 60)
    assert np.ptp(vectors, axis=0).min() > 0
    strange = encoder.encode(pa.array(["utterly strange", "кот"])).vectors
    assert (np.linalg.norm(strange, axis=1) > 0.9).all()


def test_tfidf_of_few_words_has_a_place_for_each_and_still_sees_others() -> None:
    nothing = make("tfidf", "text", {})
    nothing.load(nothing.fit(pa.array([None, " "])))
    assert np.isfinite(nothing.encode(pa.array(["red"])).vectors).all()
    encoder = make("tfidf", "text", {})
    encoder.load(encoder.fit(pa.array(["red green", "green blue"])))
    vectors = encoder.encode(pa.array(["red", "green", "blue", "yellow"])).vectors
    assert vectors.shape == (4, 3)
    np.testing.assert_allclose(np.abs(vectors[:3]).sum(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
