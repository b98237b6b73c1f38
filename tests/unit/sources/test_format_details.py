"""What is particular to a format: nulls of CSV, types of JSON, rows of a tar, nested and coded columns."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.encoders.vector import VectorEncoder
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.formats import UNUSABLE, ReadAs, csv, jsonl
from labelworks.tasks.sources.values.columns import find_field, folder_values
from labelworks.tasks.sources.values.text import not_utf8, replaced


def reader(folder: Path) -> SourceReader:
    (file,) = list_files(str(folder), "auto", {})
    return SourceReader(str(folder), file.path, file.format, {}, file.name)


def read(folder: Path, *columns: str) -> list[dict[str, Any]]:
    return reader(folder).table(None, list(columns)).to_pylist()


def test_only_an_empty_cell_of_a_csv_is_null(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,label\n1,NA\n2,null\n3,\n4,""\n5,"None"\n')
    assert [row["label"] for row in read(tmp_path, "label")] == ["NA", "null", None, "", "None"]


def test_a_csv_cell_that_is_not_utf8_is_found_and_others_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"label,n\n\xc3\xa4,1\na\xff,2\n,3\n")
    column = reader(tmp_path).table(None, ["label"])["label"].combine_chunks()
    assert not_utf8(column).to_pylist() == [False, True, False]
    assert replaced(column).to_pylist() == ["ä", "a\N{REPLACEMENT CHARACTER}", None]
    assert not_utf8(column.slice(0, 1)) is None
    assert not_utf8(pa.array([1])) is None


def test_a_line_break_in_a_cell_may_lie_between_two_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv, "BLOCK", 97)
    rows = [f"text of\nrow {row}" for row in range(100)]
    (tmp_path / "a.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in rows))
    assert [row["text"] for row in read(tmp_path, "text")] == rows


def test_a_column_of_no_known_role_whose_type_changes_is_said_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv, "BLOCK", 64)
    (tmp_path / "a.csv").write_text("".join(f"{line}\n" for line in ["n", *range(99), "many"]))
    with pytest.raises(InputError, match=r"a\.csv: a column changes its type after the first rows"):
        read(tmp_path, "n")


def test_json_vectors_may_begin_with_whole_numbers_and_rows_may_gain_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "BLOCK", 128)
    lines = [json.dumps({"v": [row, 1]}) for row in range(50)] + ['{"v": [0.5, 1], "late": 1}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n")
    assert read(tmp_path, "v")[-1] == {"v": [0.5, 1.0]}
    assert len(read(tmp_path, "v")) == 51


def test_json_lists_of_start_end_and_label_are_spans_and_one_that_is_none_puts_its_line_aside(
    tmp_path: Path,
) -> None:
    lists = ['[[0, 2, "L"], [3, 5, "L"]]', "[]", '[[0, "x", "L"]]', "null"]
    (tmp_path / "a.jsonl").write_text("".join(f'{{"x": {value}}}\n' for value in [*lists, lists[0]]))
    first, none, bad, null, _ = read(tmp_path, "x", UNUSABLE)
    assert first["x"] == [{"start": 0, "end": 2, "label": "L"}, {"start": 3, "end": 5, "label": "L"}]
    assert (none["x"], bad["x"], null["x"]) == ([], None, None)
    assert "'x' is a list here" in bad[UNUSABLE] and null[UNUSABLE] is None


def test_nested_columns_have_dotted_names_and_a_column_of_that_very_name_comes_first(tmp_path: Path) -> None:
    table = pa.table(
        {"a.b": [1, 2], "a": [{"b": 3, "c": {"d": "x"}}, None], "e": [{"f": 1}, {"f": None}]},
        schema=pa.schema({
            "a.b": pa.int64(), "a": pa.struct({"b": pa.int64(), "c": pa.struct({"d": pa.string()})}),
            "e": pa.struct({"f": pa.int8()}),
        }),
    )  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path, "a.c.d", "a.b", "e.f") == [
        {"a.c.d": "x", "a.b": 1, "e.f": 1}, {"a.c.d": None, "a.b": 2, "e.f": None},
    ]  # fmt: skip
    assert find_field(table.schema, "a.c.d").type == pa.string()
    assert find_field(table.schema, "a.c.none") is find_field(table.schema, "e.f.g") is None
    (tmp_path / "a.parquet").unlink()
    (tmp_path / "a.jsonl").write_text('{"a": {"c": {"d": "x"}}}\n{"a": null}\n')
    assert read(tmp_path, "a.c.d") == [{"a.c.d": "x"}, {"a.c.d": None}]


def test_folders_give_columns_as_strings() -> None:
    assert folder_values("year=2024/label=a%2Fb/x=1.parquet") == {"year": "2024", "label": "a/b"}
    assert folder_values("label=__HIVE_DEFAULT_PARTITION__/a.csv") == {"label": None}
    assert folder_values("=x/plain/a=/b.csv") == {"a": ""}


def test_a_column_of_the_file_is_kept_before_one_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "label=2").mkdir()
    pq.write_table(pa.table({"label": [3]}), tmp_path / "label=2/a.parquet")
    assert read(tmp_path, "label") == [{"label": 3}]


def test_coded_columns_are_read_as_their_values(tmp_path: Path) -> None:
    names = pa.array(["cat", "dog", "cat", None]).dictionary_encode()
    numbers = pa.array([7, 7, 8, None]).dictionary_encode()
    pq.write_table(pa.table({"name": names, "number": numbers}), tmp_path / "a.parquet")
    table = reader(tmp_path).table(None, ["name", "number"])
    assert table.schema.types == [pa.string(), pa.int64()]
    assert table.to_pydict() == {"name": ["cat", "dog", "cat", None], "number": [7, 7, 8, None]}


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float16()), pa.list_(pa.float16(), 3), pa.large_list(pa.float32()), pa.list_(pa.int8(), 3),
     pa.list_(pa.float64(), 3)],
    ids=str,
)  # fmt: skip
def test_vectors_of_every_type_are_the_same_vectors(tmp_path: Path, kind: pa.DataType) -> None:
    values = [[1, 2, 3], None, [4, 5, 6], [7, 8, 9]]
    half = np.float16 if pa.types.is_float16(kind.value_type) else None
    held = [None if value is None or half is None else [half(x) for x in value] for value in values]
    pq.write_table(pa.table({"v": pa.array(held if half else values, kind)}), tmp_path / "a.parquet")
    column = reader(tmp_path).table(None, ["v"])["v"].combine_chunks().slice(1)
    encoder = VectorEncoder()
    encoder.load(encoder.fit(column))
    encoded = encoder.encode(column)
    assert encoded.reasons == ["null vector", None, None]
    assert encoded.vectors.tolist() == [[0, 0, 0], [4, 5, 6], [7, 8, 9]]


def put_tar(path: Path, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w") as sink:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            sink.addfile(member, io.BytesIO(data))


def test_members_of_a_tar_that_cannot_be_read_make_their_row_unusable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelworks.tasks.sources.formats.webdataset.MEMBER_BYTES", 100)
    monkeypatch.setattr("labelworks.tasks.sources.formats.webdataset.LOOKED_AT", 1)
    members = [
        ("a/0.png", b"image"), ("a/0.cls", b"3\n"), ("a/0.json", b'{"who": "x", "n": 1}'),
        ("a/0.seg.png", b"of something else"),
        ("a/1.JPG", b"image"), ("a/1.cls", b"three"), ("a/1.json", b'{"n": "one"}'),
        ("a/2.png", b"image"), ("a/2.json", b'{"who": '),
        ("a/3.png", b"image"), ("a/3.jpg", b"again"), ("a/3.cls", b"1"),
        ("a/4.png", b"x" * 101), ("a/4.cls", b"2"),
        ("a/._5.cls", b"of a Mac"), ("readme.md", b"no row"), ("a/6.cls", b"1"),
    ]  # fmt: skip
    put_tar(tmp_path / "a.tar", members)
    rows = read(tmp_path, "__key__", "image", "cls", "json.who", UNUSABLE)
    assert [row["__key__"] for row in rows] == ["a/0", "a/1", "a/2", "a/3", "a/4", "a/6"]
    assert rows[0] == {"__key__": "a/0", "image": b"image", "cls": 3, "json.who": "x", UNUSABLE: None}
    assert rows[5] == {"__key__": "a/6", "image": None, "cls": 1, "json.who": None, UNUSABLE: None}
    said = [row[UNUSABLE] for row in rows[1:5]]
    assert said[0] == "its cls can't be read: it is no whole number, as the first ones are"
    assert said[1].startswith("its json can't be read: Expecting value")
    assert said[2:] == ["two members are its image", "a/4.png has 101 bytes, more than 100"]


def test_labels_of_a_tar_that_are_words_are_strings(tmp_path: Path) -> None:
    put_tar(tmp_path / "a.tar", [("0.cls", b"1"), ("1.cls", b" cat\n")])
    assert read(tmp_path, "cls") == [{"cls": "1"}, {"cls": "cat"}]


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset as the `datasets` library saves it, of one split and of two."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "text": datasets.Value("string"), "label": datasets.ClassLabel(names=["cat", "dog"]),
            "image": datasets.Image(),
        }
    )  # fmt: skip
    rows = {
        "text": ["a", "b", "c", "d"], "label": [1, 0, -1, 1],
        "image": [{"bytes": b"png", "path": None}] * 4,
    }  # fmt: skip
    made = datasets.Dataset.from_dict(rows, features=features)
    made.save_to_disk(tmp_path / "one", num_shards=2)
    datasets.DatasetDict({"train": made, "test": made}).save_to_disk(tmp_path / "splits")
    return tmp_path


def test_a_saved_datasets_folder_is_read_by_its_class_names(saved: Path) -> None:
    (saved / "one/cache-1234.arrow").write_bytes(b"left over")
    files = list_files(str(saved / "one"), "auto", {})
    assert [file.name for file in files] == ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    tables = [
        SourceReader(str(saved), file.path, "arrow", {}).table(None, ["text", "label"]) for file in files
    ]
    assert pa.concat_tables(tables).to_pylist() == [
        {"text": "a", "label": "dog"}, {"text": "b", "label": "cat"},
        {"text": "c", "label": None}, {"text": "d", "label": "dog"},
    ]  # fmt: skip


def test_splits_have_to_be_named(saved: Path) -> None:
    with pytest.raises(
        InputError, match=r"a dataset with splits: test, train\n  name one of them: .*splits/test"
    ):
        list_files(str(saved / "splits"), "auto", {})
    assert len(list_files(str(saved / "splits/train"), "auto", {})) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("opened", ['2,"b,x', '2,b,"x'])
def test_a_quote_that_is_never_closed_is_no_end_of_the_rows(
    tmp_path: Path, encoding: str, opened: str
) -> None:
    (tmp_path / "a.csv").write_text(f"id,label,text\n1,a,x\n{opened}\n3,a,x\n4,a,x\n", encoding)
    (file,) = list_files(str(tmp_path), "auto", {})
    read_as = ReadAs(encoding=encoding)
    with pytest.raises(InputError, match=r"a\.csv: a quote that is opened in row 1 isn't closed"):
        SourceReader(str(tmp_path), file.path, "csv", {}, file.name, read_as).table(None, ["id"])


@pytest.mark.parametrize("row", ['2,5" disk', '2,"a\nb"', '2,"5"" disk\n"', '2,"a\n""b"" c"'])
def test_quotes_that_are_closed_or_within_a_cell_are_as_they_stand(tmp_path: Path, row: str) -> None:
    (tmp_path / "a.csv").write_text(f'id,text\n1,5" disk\n{row}\n')
    assert len(read(tmp_path, "id")) == 2


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("blank", ["\n", "\r\n\r\n", "\ufeff"])
def test_a_blank_file_has_no_rows(tmp_path: Path, name: str, blank: str) -> None:
    (tmp_path / name).write_text(blank)
    assert reader(tmp_path).look().groups == ()
    assert list(reader(tmp_path).batches(None, None, 10)) == []


def test_the_encoding_of_wide_csv_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n", "utf-32")
    with pytest.raises(InputError, match=r"it is UTF-32\n.*encoding: utf-32"):
        reader(tmp_path).look()


def test_ids_of_json_that_fit_no_int64_are_read_digit_by_digit(tmp_path: Path) -> None:
    ids = [2**63 + row for row in range(3)] + [5]
    (tmp_path / "a.jsonl").write_text("".join(f'{{"id": {id_}, "x": 1.5}}\n' for id_ in ids))
    (file,) = list_files(str(tmp_path), "auto", {})
    read_as = ReadAs({"id": "string"}, ("id",))
    table = SourceReader(str(tmp_path), file.path, "jsonl", {}, file.name, read_as).table(None, ["id", "x"])
    assert table["id"].to_pylist() == list(map(str, ids))
    assert table["x"].to_pylist() == [1.5] * 4


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.jsonl.lz4", "unpack it, or pack it by gzip or zstd"), ("rows.zst", "the name says what they are")],
)
def test_what_is_packed_as_is_not_read_is_said_to_be(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=said):
        list_files(str(tmp_path), "auto", {})


@pytest.mark.parametrize(
    ("ending", "pack"),
    [("bz2", bz2.compress), ("xz", lzma.compress), ("zst", partial(pa.compress, codec="zstd", asbytes=True))],
)
def test_what_is_damaged_within_a_packed_file_names_it(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    whole = bytearray(pack(b"id,label\n" + b"".join(b"%d,%d\n" % (row, row * row) for row in range(20_000))))
    del whole[100 : len(whole) // 2]
    (tmp_path / f"a.csv.{ending}").write_bytes(whole)
    (file,) = list_files(str(tmp_path), "auto", {})
    with pytest.raises(InputError, match=rf"a\.csv\.{ending}: can't be read, it is corrupt or truncated"):
        SourceReader(str(tmp_path), file.path, "csv", {}, file.name).table(None, ["id"])
