"""Columns of an object afar: what was written is read, and no byte more than once."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage import column_ranges
from labelworks.tasks.storage.store import Store

ROWS = 2000


class Afar(AbstractFileSystem):
    """One object that comes by ranges, which are written down."""

    protocol, cachable = "afar", False

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data, self.fetched = data, list[tuple[int, int]]()

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        return {"name": path, "size": len(self.data), "type": "file"}

    def _open(self, path: str, mode: str = "rb", **options: Any) -> AbstractBufferedFile:
        return _File(self, path, mode, **{**options, "cache_options": {}})


class _File(AbstractBufferedFile):  # type: ignore[misc]
    def _fetch_range(self, start: int, end: int) -> bytes:
        self.fs.fetched.append((start, end))
        return bytes(self.fs.data[start:end])


def stored(table: pa.Table, **options: Any) -> tuple[Store, Afar]:
    sink = io.BytesIO()
    pq.write_table(table, sink, write_page_checksum=True, **options)
    store, fs = Store("memory://afar"), Afar(sink.getvalue())
    vars(store).update(fs=fs, base="afar")
    return store, fs


def table() -> pa.Table:
    random = np.random.default_rng(0)
    return pa.table(
        {
            "row": np.arange(ROWS, dtype=np.int32),
            "label": pa.array(random.integers(0, 3, ROWS).astype(str)).dictionary_encode(),
            "posterior": pa.array(
                random.random((ROWS, 12)).astype(np.float32).tolist(), pa.list_(pa.float32())
            ),
            "id": [f"id-{row}" for row in range(ROWS)],
            "hash": random.integers(0, 1 << 60, ROWS),
        }
    )


TABLE = table()


@settings(deadline=None)
@given(
    columns=st.lists(st.sampled_from(TABLE.column_names), min_size=1, unique=True),
    group=st.sampled_from([100, 1500, ROWS]),
    tail=st.sampled_from([8, 1 << 10, 1 << 16, 1 << 24]),
    gap=st.sampled_from([0, 1 << 10, 1 << 20]),
)
def test_some_columns_are_read_as_they_were_written(
    columns: list[str], group: int, tail: int, gap: int
) -> None:
    store, fs = stored(TABLE, row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_ranges, "SMALL", 0)
        patch.setattr(column_ranges, "TAIL", tail)
        patch.setattr(column_ranges, "GAP", gap)
        assert store.read_table("t.parquet", columns).equals(TABLE.select(columns))
    spans = sorted(fs.fetched)
    assert all(last <= first for (_, last), (first, _) in itertools.pairwise(spans))


def test_columns_that_are_not_asked_for_are_not_fetched() -> None:
    store, fs = stored(pa.concat_tables([TABLE] * 10), row_group_size=10 * ROWS)
    found = store.read_table("t.parquet", ["row", "hash"])
    assert found.column_names == ["row", "hash"]
    fetched = sum(end - start for start, end in fs.fetched)
    assert fetched < len(fs.data) / 2
    assert len(fs.fetched) <= 4


def test_a_small_object_is_one_request() -> None:
    store, fs = stored(TABLE.slice(0, 100))
    assert store.read_table("t.parquet", ["id"]).num_rows == 100
    assert fs.fetched == [(0, len(fs.data))]


@pytest.mark.parametrize("columns", [None, ["id"]])
def test_what_is_no_table_is_said_with_its_place(
    columns: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, fs = stored(TABLE)
    monkeypatch.setattr(column_ranges, "SMALL", 0)
    for data in (b"", b"PAR1", fs.data[: len(fs.data) // 2], fs.data[:-8] + b"\xff\xff\xff\x7fPAR1"):
        fs.data = data
        with pytest.raises(StoreError, match="not a readable parquet file") as error:
            store.read_table("t.parquet", columns)
        assert error.value.where == "afar://afar/t.parquet"
