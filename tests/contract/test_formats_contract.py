"""What every format of a source keeps to: the same rows, in the same order, as the table that was written."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.formats import FORMATS, UNUSABLE, format_of

ROWS = 250
TABLE = pa.table(
    {
        "id": [f"r{row:03d}" for row in range(ROWS)],
        "text": [f"row, {row}\n\"ж\"" for row in range(ROWS)],
        "label": [None if row % 50 == 49 else row % 3 for row in range(ROWS)],
    }
)  # fmt: skip


def csv(path: Path) -> None:
    pa_csv.write_csv(TABLE, path)


def jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in TABLE.to_pylist()))


def arrow(path: Path) -> None:
    with pa.ipc.new_file(path, TABLE.schema) as sink:
        sink.write_table(TABLE, max_chunksize=20)


def stream(path: Path) -> None:
    with pa.ipc.new_stream(path, TABLE.schema) as sink:
        sink.write_table(TABLE, max_chunksize=20)


def parquet(path: Path) -> None:
    pq.write_table(TABLE, path, row_group_size=20)


def tar(path: Path) -> None:
    with tarfile.open(path, "w") as sink:
        for row in TABLE.to_pylist():
            for suffix, value in (("txt", row["text"]), ("cls", row["label"])):
                if value is not None:
                    member = tarfile.TarInfo(f"{row['id']}.{suffix}")
                    member.size = len(str(value).encode())
                    sink.addfile(member, io.BytesIO(str(value).encode()))


def npz(path: Path) -> None:
    np.savez_compressed(path, **{name: np.array(FULL[name].to_pylist()) for name in FULL.column_names})


def zstd(data: bytes) -> bytes:
    """As two frames, which `zstd` writes with several threads, and `cat` of two files."""
    half = len(data) // 2
    return b"".join(pa.compress(part, "zstd", asbytes=True) for part in (data[:half], data[half:]))


def packed(
    write: Callable[[Path], None], pack: Callable[[bytes], bytes] = gzip.compress
) -> Callable[[Path], None]:
    def write_packed(path: Path) -> None:
        write(path)
        path.write_bytes(pack(path.read_bytes()))

    return write_packed


@dataclass(frozen=True)
class Case:
    """A file's name, what writes it, and what the columns of the table are called in it."""

    name: str
    write: Callable[[Path], None]
    called: dict[str, str] = field(default_factory=lambda: {name: name for name in TABLE.column_names})
    table: pa.Table = field(default_factory=lambda: TABLE)


FULL = TABLE.set_column(2, "label", TABLE["label"].fill_null(3))  # of a format without nulls
PACKED = (".csv.gz", ".jsonl.gz", ".zst", ".csv.bz2", ".csv.xz", ".jsonl.xz")
IN_TAR = {"id": "__key__", "text": "txt", "label": "cls"}
CASES = [
    Case("a.parquet", parquet), Case("a.csv", csv), Case("a.csv.gz", packed(csv)), Case("a.jsonl", jsonl),
    Case("a.ndjson", jsonl), Case("a.jsonl.gz", packed(jsonl)), Case("a.arrow", arrow), Case("a.ipc", stream),
    Case("a.tar", tar, IN_TAR), Case("a.tgz", packed(tar), IN_TAR), Case("a.npz", npz, table=FULL),
    Case("a.csv.zst", packed(csv, zstd)), Case("a.csv.bz2", packed(csv, bz2.compress)),
    Case("a.csv.xz", packed(csv, lzma.compress)), Case("a.jsonl.zst", packed(jsonl, zstd)),
    Case("a.jsonl.xz", packed(jsonl, lzma.compress)), Case("a.tar.zst", packed(tar, zstd), IN_TAR),
    Case("a.tar.bz2", packed(tar, bz2.compress), IN_TAR),
]  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def reader(case: Case, tmp_path: Path) -> SourceReader:
    folder = tmp_path / "day=7"
    folder.mkdir()
    case.write(folder / case.name)
    (file,) = list_files(str(tmp_path), "auto", {})
    return SourceReader(str(tmp_path), file.path, file.format, {}, file.name)


class TestFormat:
    """Every format."""

    def test_says_its_columns_and_those_of_its_folders(self, reader: SourceReader, case: Case) -> None:
        assert set(reader.look().schema.names) == {*case.called.values(), "day"}
        groups = reader.look().groups
        assert groups is None or sum(rows for rows, _ in groups) == ROWS

    def test_reads_the_rows_that_were_written_in_order(self, reader: SourceReader, case: Case) -> None:
        table = reader.table(None, list(case.called.values()))
        assert table.rename_columns(list(case.called)).to_pylist() == case.table.to_pylist()

    def test_reads_everything_where_nothing_is_named(self, reader: SourceReader, case: Case) -> None:
        table = pa.Table.from_batches(list(reader.batches(None, None, 1000)))
        assert set(table.column_names) == {*case.called.values(), "day"}
        assert table[case.called["id"]].to_pylist() == TABLE["id"].to_pylist()

    def test_reads_few_rows_and_columns_at_a_time(self, reader: SourceReader, case: Case) -> None:
        name = case.called["label"]
        batches = list(reader.batches(None, [name], 7))
        assert all(0 < batch.num_rows <= 7 and batch.schema.names == [name] for batch in batches)
        assert [row for batch in batches for row in batch.column(0).to_pylist()] == case.table[
            "label"
        ].to_pylist()

    def test_counts_its_rows_where_only_the_folder_is_asked_for(self, reader: SourceReader) -> None:
        assert reader.table(None, ["day", UNUSABLE]).to_pylist() == [{"day": "7", UNUSABLE: None}] * ROWS

    def test_leaves_out_columns_that_there_are_not(self, reader: SourceReader, case: Case) -> None:
        name = case.called["text"]
        assert reader.table(None, [name, "none", "none.too"]).column_names == [name]

    def test_a_cut_file_is_named(self, reader: SourceReader, case: Case) -> None:
        file = Path(reader.path)
        file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3 + 5])
        if case.name == "a.csv":
            pytest.skip("a CSV file that ends early can't be told from a shorter one")
        with pytest.raises(InputError, match=rf"{case.name}: can't be read, it is corrupt or truncated"):
            reader.table(None, [case.called["id"]])

    def test_a_file_of_something_else_is_named(self, reader: SourceReader, case: Case) -> None:
        Path(reader.path).write_bytes(b"\x00\x01\x02 nothing of the kind \xff\xfe" * 50)
        packing = Path(case.name).suffix
        named = f"its name ends in {packing}, but it" if case.name.endswith(PACKED) else ""
        said = named or "can't be read, it is corrupt"
        with pytest.raises(InputError, match=rf"{case.name}: {said}"):
            reader.look()


def test_every_format_is_tested_and_can_be_named() -> None:
    others = {"images", "conll"}  # whose rows are files, and sentences
    assert {format_of(case.name) for case in CASES} == set(FORMATS) - others
    assert set(get_args(DatasetConfig.model_fields["format"].annotation)) == {"auto", *FORMATS}


def test_a_format_is_known_by_its_ending() -> None:
    known = {
        "a.PQ": "parquet",
        "b.csv.gz": "csv",
        "c.ndjson": "jsonl",
        "d.feather": "arrow",
        "e.tar": "webdataset",
        "f.npy": "numpy",
        "g.JPEG": "images",
    }
    assert {name: format_of(name) for name in known} == known
    assert format_of("e.txt") is format_of("parquet") is None
