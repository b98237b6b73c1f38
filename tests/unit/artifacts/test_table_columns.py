"""Columns of several files as the features of one sample."""

from __future__ import annotations

import pyarrow as pa

from labelworks.tasks.artifacts.features import concatenated
from labelworks.tasks.embed.content_hash import content_hashes


def test_files_that_give_a_column_different_types_make_one_sample() -> None:
    typed = pa.array([{"age": 31.0, "city": "Rome"}])
    written = pa.array([{"age": "44", "city": None}, {"age": "old", "city": "Oslo"}])
    found = concatenated([typed, written])
    assert found.to_pylist() == [
        {"age": "31", "city": "Rome"},
        {"age": "44", "city": None},
        {"age": "old", "city": "Oslo"},
    ]
    assert concatenated([typed, typed]).type == typed.type


def test_rows_are_repeats_where_all_cells_are_alike() -> None:
    rows = pa.array(
        [{"a": "x", "b": 1}, {"a": "x", "b": 2}, {"a": None, "b": 1}, {"a": "x", "b": 1}, {"a": "", "b": 1}]
    )
    hashes = content_hashes(rows)
    assert hashes[0] == hashes[3]
    assert len(set(hashes.tolist())) == 4
