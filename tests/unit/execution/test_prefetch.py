"""Reading ahead: the order, so many and no more, and errors where they belong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.records import Partition, Piece
from labelworks.tasks.execution.prefetch import ahead, drawn
from labelworks.tasks.sources import partition_reader
from labelworks.tasks.sources.partition_reader import PartitionReader


def test_yields_all_in_order_and_makes_so_many_ahead() -> None:
    made: list[int] = []
    both = threading.Barrier(3, timeout=10)

    def make(number: int) -> int:
        if number in (1, 2):
            both.wait()  # with us: these two are made while we hold the first
        made.append(number)
        return number

    coming = ahead(make, range(6), 2)
    assert next(coming) == 0
    both.wait()
    assert set(made) <= {0, 1, 2}
    assert list(coming) == [1, 2, 3, 4, 5]
    assert list(ahead(make, [], 2)) == []


def test_an_iterator_is_drawn_so_far_ahead_in_one_thread_and_closed_early() -> None:
    made: list[int] = []
    third = threading.Event()

    def items() -> Iterator[int]:
        for number in range(6):
            made.append(number)
            if number == 2:
                third.set()
            if number == 5:
                raise OSError("gone")
            yield number

    coming = drawn(items(), 2)
    assert next(coming) == 0
    assert third.wait(10)
    assert list(zip(range(4), coming, strict=False)) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    with pytest.raises(OSError, match="gone"):
        next(coming)
    made.clear()
    early = drawn(items(), 1)
    assert next(early) == 0
    early.close()
    assert set(made) <= {0, 1, 2}


def test_an_error_comes_where_the_item_would_have() -> None:
    def make(number: int) -> int:
        if number == 1:
            raise OSError("gone")
        return number

    coming = ahead(make, range(3), 2)
    assert next(coming) == 0
    with pytest.raises(OSError, match="gone"):
        next(coming)


def test_its_threads_end_when_the_reader_stops() -> None:
    coming = ahead(abs, range(100), 2)
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("small", [0, 1 << 20], ids=["blocks", "files"])
def test_small_files_from_afar_come_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(partition_reader, "remote", lambda fs: True)
    monkeypatch.setattr(partition_reader, "SMALL", small)
    pieces = []
    for number in range(20):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(pa.table({"n": [2 * number, 2 * number + 1]}), path)
        pieces.append(Piece(file=path.name, path=str(path), format="parquet", size=path.stat().st_size))
    reader = PartitionReader(str(tmp_path), Partition(key="k", pieces=tuple(pieces)), {})
    batches = list(reader.batches(["n"], 100))
    assert pa.Table.from_batches(batches)["n"].to_pylist() == list(range(40))
    checked = list(reader.checked(["n"], lambda schema, where: None))
    assert [piece for piece, _ in checked] == pieces
    assert pa.concat_tables([each for _, each in checked if isinstance(each, pa.Table)])["n"].to_pylist() == [
        *range(40)
    ]
