"""Windows of long sentences: every word is of one, with what stands around it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.methods.encoders.token_vectors import encoded_tokens, from_raw_lists
from labelworks.tasks.methods.encoders.token_windows import NOBODY, Frame, windows


def test_a_short_sentence_is_one_window() -> None:
    (window,) = windows([[5], [6, 7]], Frame(8, (1,), (2,)))
    assert window.ids.tolist() == [1, 5, 6, 7, 2]
    assert window.owner.tolist() == [NOBODY, 0, 1, 1, NOBODY]
    (first,) = windows([[5], [6, 7]], Frame(8, first_piece=True))
    assert first.owner.tolist() == [0, 1, NOBODY]
    assert windows([], Frame(8)) == []


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 5), max_size=40), st.integers(4, 12))
def test_every_word_is_of_one_window_and_none_is_too_long(sizes: list[int], room: int) -> None:
    pieces = [[word] * size for word, size in enumerate(sizes)]
    found = windows(pieces, Frame(room, (-1,), (-2,)))
    own = [[int(window.ids[window.owner == token][0]) for token in range(window.tokens)] for window in found]
    assert [word for of in own for word in of] == list(range(len(sizes)))
    assert all(len(window.ids) <= room + 2 for window in found)


def test_the_vector_of_a_sentence_is_the_mean_of_its_tokens() -> None:
    vectors = np.arange(12, dtype=np.float16).reshape(4, 3)
    found = encoded_tokens(vectors, np.array([3, 0, 1]), [None, "no token", None])
    np.testing.assert_array_equal(found.vectors, [vectors[:3].mean(axis=0), [0, 0, 0], vectors[3]])
    assert found.tokens is not None
    np.testing.assert_array_equal(from_raw_lists(found.tokens[2:], np.float16, 3), vectors[3:])
    np.testing.assert_array_equal(from_raw_lists(found.tokens, np.float16, 3), vectors)
