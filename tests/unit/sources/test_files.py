"""Which files a source has, and what identifies them."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem

from labelworks.schemas.errors import InputError, StoreError
from labelworks.tasks.sources.changes import list_marks
from labelworks.tasks.sources.files import ENDS, SourceReader, list_files, listing


def test_row_groups_are_read_alone(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": list(range(50))}), tmp_path / "a.parquet", row_group_size=20)
    reader = SourceReader(str(tmp_path), str(tmp_path / "a.parquet"), "parquet", {})
    assert reader.table((1,), ["id"])["id"].to_pylist() == list(range(20, 40))
    assert reader.table((), ["id"]).num_rows == 0


def test_a_folder_gives_its_data_files_by_name_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.parquet", "a/z.csv", "_SUCCESS.csv", ".tmp/c.csv", "_log/d.jsonl", "readme.txt", "A.CSV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in list_files(str(tmp_path), "auto", {})] == ["A.CSV", "a/z.csv", "b.parquet"]
    assert [file.format for file in list_files(str(tmp_path), "csv", {})] == ["csv"] * 4


def test_a_glob_and_a_file_give_what_they_name(tmp_path: Path) -> None:
    for name in ("x=1/a.csv", "x=1/b.parquet", "x=2/a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in list_files(f"{tmp_path}/*/a.csv", "auto", {})] == ["x=1/a.csv", "x=2/a.csv"]
    assert [file.name for file in list_files(f"{tmp_path}/**/*.parquet", "auto", {})] == ["x=1/b.parquet"]
    (one,) = list_files(f"{tmp_path}/x=2/a.csv", "auto", {})
    assert (one.name, one.format, one.size) == ("a.csv", "csv", 1)
    with pytest.raises(InputError, match="there are no files"):
        list_files(f"{tmp_path}/*.jsonl", "auto", {})


def test_a_path_that_is_there_is_no_glob(tmp_path: Path) -> None:
    for name in ("batch [1]/a.csv", "batch [1]/b?.csv", "batch [1]/bc.csv", "batch 1/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    def named(path: str) -> list[str]:
        found = [file.name for file in list_files(f"{tmp_path}/{path}", "auto", {})]
        watched = list_marks(f"{tmp_path}/{path}", "auto", {})
        assert sorted(PurePath(name).name for name in found) == sorted(PurePath(at).name for at in watched)
        return found

    assert named("batch [1]") == named("batch [1]/") == ["a.csv", "b?.csv", "bc.csv"]
    assert named("batch [1]/b?.csv") == ["b?.csv"]
    assert named("batch [1]/b*.csv") == ["b?.csv", "bc.csv"]
    assert named("batch [0-9]/*.csv") == ["batch 1/d.csv"]


def test_files_that_are_left_out_are_counted_unless_they_are_named(tmp_path: Path) -> None:
    names = ("a.csv", "_train.csv", "_SUCCESS", ".old/b.csv", "_year=2026/c.csv", "_log/d.txt", "_x.png")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    def found(path: str) -> tuple[set[str], set[str]]:
        made = listing(f"{tmp_path}{path}", "auto", {})
        shown = {file.name for file in made.files}
        assert len(list_marks(f"{tmp_path}{path}", "auto", {})) == len(shown)
        return shown, set(made.left_out)

    assert found("") == ({"a.csv", "_year=2026/c.csv"}, {"_train.csv", ".old/b.csv"})
    assert found("/_train.csv") == ({"_train.csv"}, set())
    assert found("/_t*.csv") == ({"_train.csv"}, set())
    assert found("/*.csv") == ({"a.csv"}, {"_train.csv"})
    assert found("/.old") == ({"b.csv"}, set())
    (tmp_path / "a.csv").unlink()
    (tmp_path / "_year=2026/c.csv").unlink()
    with pytest.raises(InputError, match=r"begin with _ or a dot and are left out, as \.old/b\.csv"):
        list_files(str(tmp_path), "auto", {})


def test_links_to_files_are_read_by_folder_and_by_glob_and_pipes_are_not(tmp_path: Path) -> None:
    for name in ("elsewhere/real.csv", "data/own.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"id\n1\n")
    (tmp_path / "data/linked.csv").symlink_to(tmp_path / "elsewhere/real.csv")
    (tmp_path / "data/folder.csv").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "data/pipe.csv")
    for source in (f"{tmp_path}/data", f"{tmp_path}/data/*.csv"):
        assert [file.name for file in list_files(source, "auto", {})] == ["linked.csv", "own.csv"]
        assert len(list_marks(source, "auto", {})) == 2
    (tmp_path / "elsewhere/real.csv").unlink()
    with pytest.raises(StoreError, match=r"linked.csv: there is no such file"):
        list_files(f"{tmp_path}/data/*.csv", "auto", {})


def test_a_fingerprint_follows_the_content(tmp_path: Path) -> None:
    def fingerprint() -> str:
        return list_files(str(tmp_path), "auto", {})[0].fingerprint

    (tmp_path / "a.csv").write_text("id\n1\n")
    first = fingerprint()
    (tmp_path / "a.csv").write_text("id\n2\n")
    second = fingerprint()
    (tmp_path / "a.csv").write_text("id\n1\n")
    assert fingerprint() == first != second


def test_a_large_local_file_is_known_by_its_ends_and_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    opening = LocalFileSystem.open

    def opened(self: LocalFileSystem, *arguments: Any, **options: Any) -> Any:
        file = opening(self, *arguments, **options)
        reading = file.f.read
        monkeypatch.setattr(file, "read", lambda size=-1: read.append(size) or reading(size), raising=False)
        return file

    def fingerprint() -> str:
        return list_files(str(tmp_path), "auto", {})[0].fingerprint

    file, content = tmp_path / "a.csv", bytearray(b"0123456789\n" * 100_000)
    file.write_bytes(content)
    os.utime(file, ns=(0, 1))
    monkeypatch.setattr(LocalFileSystem, "open", opened)
    first = fingerprint()
    assert read == [ENDS, ENDS]
    assert fingerprint() == first
    os.utime(file, ns=(0, 10**6))
    assert fingerprint() != first
    for place in (0, -1):
        content[place] ^= 1
        file.write_bytes(content)
        os.utime(file, ns=(0, 1))
        assert fingerprint() != first
        content[place] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(0, 1))
    assert fingerprint() == first


@pytest.mark.parametrize("size", [1, ENDS, ENDS + 1, 2 * ENDS])
def test_of_a_small_local_file_every_byte_counts_and_its_time_does_not(tmp_path: Path, size: int) -> None:
    def fingerprint() -> str:
        return list_files(str(tmp_path), "auto", {})[0].fingerprint

    content = bytearray(size)
    (tmp_path / "a.csv").write_bytes(content)
    first = fingerprint()
    os.utime(tmp_path / "a.csv", ns=(0, 1))
    assert fingerprint() == first
    for place in (0, size // 2, size - 1):
        content[place] ^= 1
        (tmp_path / "a.csv").write_bytes(content)
        assert fingerprint() != first
        content[place] ^= 1
