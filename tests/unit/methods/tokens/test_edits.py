"""What of suggested tags can be taken by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.methods.tokens.edits import runs, taken
from labelworks.tasks.methods.tokens.sentences import faults, offsets_of
from labelworks.tasks.methods.tokens.spans import mended
from labelworks.tasks.methods.tokens.tag_set import TagSet


def coded(tags: TagSet, text: str) -> np.ndarray:
    return np.array([tags.names.index(tag) for tag in text.split()], np.int32)


def test_runs_end_where_no_span_goes_on() -> None:
    tags = TagSet.complete(("B-x", "B-y"), "bio")
    one = coded(tags, "B-x I-x O O B-y O")
    other = coded(tags, "O B-x O O B-x I-x")
    start, end = runs(one, other, np.array([0, 6]), tags)
    assert list(zip(start.tolist(), end.tolist(), strict=True)) == [(0, 2), (4, 6)]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["io", "bio", "bilou", "bioes"]),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_any_of_the_edits_may_be_taken_and_the_scheme_is_kept(
    scheme: str, lengths: list[int], seed: int
) -> None:
    rng, tags = np.random.default_rng(seed), TagSet.complete(("I-x", "I-y"), scheme)
    offsets = offsets_of(np.array(lengths))
    one, other = (
        mended(rng.integers(0, len(tags.names), offsets[-1]).astype(np.int32), offsets, tags)
        for _ in range(2)
    )
    start, end = runs(one, other, offsets, tags)
    sure = rng.random(len(start)) < 0.5
    made = taken(one, other, start, end, sure)
    assert not faults(made, offsets, tags).any()
    every = taken(one, other, start, end, np.ones(len(start), bool))
    np.testing.assert_array_equal(every, other)
