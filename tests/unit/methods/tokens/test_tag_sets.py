"""Schemes of tags: which there is, what may follow what, spans and back, and what is mended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.tokens.sentences import faults, offsets_of
from labelworks.tasks.methods.tokens.spans import mended, spans_of, tags_of
from labelworks.tasks.methods.tokens.tag_set import TagSet, scheme_of

SCHEMES = ("bio", "bilou", "bioes")


def coded(sentences: list[list[str]], tags: TagSet) -> tuple[np.ndarray, np.ndarray]:
    codes = [tags.names.index(tag) for sentence in sentences for tag in sentence]
    return np.array(codes, np.int32), offsets_of(np.array([len(each) for each in sentences]))


@pytest.mark.parametrize(
    ("names", "scheme"),
    [
        (("O", "B-a", "I-a"), "bio"),
        (("O", "B-a", "I-a", "L-a", "U-b"), "bilou"),
        (("O", "S-a"), "bioes"),
        (("NOUN", "VERB"), "plain"),
        (("O",), "plain"),
        ((0, 1, 2), "plain"),
        (("O", "B-a", "X-a"), "plain"),
    ],
)
def test_the_least_scheme_of_all_tags(names: tuple[str, ...], scheme: str) -> None:
    assert scheme_of(names) == scheme


def test_tags_of_no_scheme_are_refused() -> None:
    with pytest.raises(ConfigError, match="'X-a' is no tag of bio"):
        TagSet.of(("O", "X-a"), "bio")
    with pytest.raises(ConfigError, match="unknown scheme 'iob'"):
        TagSet.of(("O", "B-a"), "iob")


@pytest.mark.parametrize(
    ("scheme", "sentence", "wrong"),
    [
        ("bio", "O B-a I-a O", []),
        ("bio", "I-a O", [0]),
        ("bio", "O I-a I-a", [1]),
        ("bio", "B-a I-b", [1]),
        ("bilou", "B-a L-a U-a O", []),
        ("bilou", "B-a O", [1]),
        ("bilou", "U-a L-a", [1]),
        ("bilou", "B-a I-a", [1]),
    ],
)
def test_where_a_scheme_is_broken(scheme: str, sentence: str, wrong: list[int]) -> None:
    tags = TagSet.complete(("B-a", "B-b"), scheme)
    codes, offsets = coded([["O"], sentence.split()], tags)
    assert (np.flatnonzero(faults(codes, offsets, tags)) - 1).tolist() == wrong


@pytest.mark.parametrize(
    ("scheme", "sentence", "better"),
    [
        ("bio", "I-a I-a O I-b", "B-a I-a O B-b"),
        ("bio", "B-a I-b I-b", "B-a B-b I-b"),
        ("bilou", "B-a O I-b I-b B-b", "U-a O B-b L-b U-b"),
    ],
)
def test_broken_tags_are_mended(scheme: str, sentence: str, better: str) -> None:
    tags = TagSet.complete(("B-a", "B-b"), scheme)
    codes, offsets = coded([sentence.split(), []], tags)
    assert [tags.names[code] for code in mended(codes, offsets, tags)] == better.split()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SCHEMES),
    st.lists(st.lists(st.integers(0, 8), max_size=6), min_size=1, max_size=4),
)
def test_mended_tags_keep_the_scheme_and_their_spans(scheme: str, sentences: list[list[int]]) -> None:
    tags = TagSet.complete(("B-a", "B-b"), scheme)
    codes = np.array([code % len(tags.names) for row in sentences for code in row], np.int32)
    offsets = offsets_of(np.array([len(row) for row in sentences]))
    better = mended(codes, offsets, tags)
    assert not faults(better, offsets, tags).any()
    one, other = spans_of(codes, offsets, tags), spans_of(better, offsets, tags)
    for name in ("start", "end", "kind"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(tags_of(other, len(codes), tags), better)
    if not faults(codes, offsets, tags).any():
        np.testing.assert_array_equal(better, codes)
