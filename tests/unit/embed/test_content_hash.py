"""What occurs twice is encoded once, and every row finds its vector."""

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.embed.content_hash import Repeats, content_hashes

COLUMNS = {
    "text": pa.array(["a", "b", "a", None, "c", None, "b", "d"]),
    "binary": pa.array([b"a", b"b", b"a", None, b"c", None, b"b", b"d"]),
    "image": pa.array(
        [
            None if x is None else {"bytes": x, "path": "p"}
            for x in (b"a", b"b", b"a", None, b"c", None, b"b", b"d")
        ]
    ),
    "vector": pa.array([[1.0, 2], [2.0, 1], [1.0, 2], None, [1.0], None, [2.0, 1], [0.0]]),
    "struct": pa.array(
        [None if x is None else {"hertz": x, "of": ["m"]} for x in (1.0, 2.0, 1.0, None, 3.0, None, 2.0, 4.0)]
    ),
    "number": pa.array([1, 2, 1, None, 3, None, 2, 4]),
    "fixed": pa.array(
        [[1, 2], [2, 1], [1, 2], None, [9, 9], None, [2, 1], [0, 0]], pa.list_(pa.float32(), 2)
    ),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("size", [1, 3, 8])
def test_each_content_is_fresh_once(column: pa.Array, size: int) -> None:
    repeats = Repeats()
    fresh = [repeats.fresh(column.slice(start, size)) for start in range(0, len(column), size)]
    kept = [value for part in fresh for value in part.to_pylist()]
    assert len(kept) == 5
    assert [kept[row] for row in repeats.first()] == column.to_pylist()


def test_hashes_are_of_the_content_alone() -> None:
    for column in COLUMNS.values():
        hashes = content_hashes(column)
        assert hashes.dtype == np.uint64
        assert hashes[0] == hashes[2] != hashes[1]
        np.testing.assert_array_equal(hashes[3:], content_hashes(column.slice(3)))


def test_an_empty_vector_is_no_null() -> None:
    hashes = content_hashes(pa.array([[], None, [0.0], [1.0], [1.0, 0.0]], pa.list_(pa.float32())))
    assert len(set(hashes.tolist())) == 5
