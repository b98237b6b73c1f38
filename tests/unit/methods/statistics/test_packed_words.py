"""Words of rows as numbers of 32 bits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from labelworks.tasks.methods.statistics.packed_words import HEAVIEST, pack_words, unpack_words

BUCKETS, WIDTH = 40, 6
ROW = st.dictionaries(st.integers(0, BUCKETS - 1), st.floats(1e-4, 1), max_size=9)


def sparse(rows: list[dict[int, float]]) -> csr_array:
    weights = np.zeros((len(rows), BUCKETS), np.float32)
    for number, row in enumerate(rows):
        weights[number, list(row)] = list(row.values())
    return csr_array(weights)


@given(st.lists(ROW, min_size=1, max_size=5))
def test_the_heaviest_words_of_each_row_come_back(rows: list[dict[int, float]]) -> None:
    weights = sparse(rows)
    packed = pack_words(weights, WIDTH)
    assert packed.shape == (len(rows), WIDTH)
    found, exact = unpack_words(packed, BUCKETS).toarray(), weights.toarray()
    for back, row in zip(found, exact, strict=True):
        kept = np.flatnonzero(back)
        assert len(kept) == min(np.count_nonzero(row), WIDTH)
        np.testing.assert_allclose(back[kept], np.maximum(row[kept] * HEAVIEST, 1), atol=0.51)
        assert row[back == 0].max(initial=0) <= row[kept].min(initial=1)


def test_a_row_is_packed_as_it_is_alone() -> None:
    rows = [{3: 0.5, 7: 0.5, 9: 0.5}, {}, {1: 1.0}]
    whole = pack_words(sparse(rows), 2)
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(whole[number], pack_words(sparse([row]), 2)[0])


def test_buckets_past_the_last_are_folded() -> None:
    packed = pack_words(sparse([{1: 0.2, 11: 0.4}]), WIDTH)
    assert unpack_words(packed, 10).toarray()[0].tolist() == [0, 51 + 102, *[0] * 8]
