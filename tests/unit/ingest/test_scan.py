"""The index of a partition, and vectors that keep to its rows."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import EmbeddingFigures
from labelworks.schemas.records import Check, GateResult
from labelworks.tasks.artifacts.rejected import refuse
from labelworks.tasks.artifacts.vectors.embeddings import read_some, read_vectors, write_vectors
from labelworks.tasks.ingest import duplicate_ids
from labelworks.tasks.ingest import stage as ingesting
from labelworks.tasks.ingest.duplicate_ids import ENTRY
from labelworks.tasks.ingest.label_sequences import refuse_sequences, refuse_tags
from labelworks.tasks.ingest.scan import scan, write_index
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.storage.store import Store


def scanned(tmp_path: Path, table: pa.Table, *, part: int = 0, **dataset: Any) -> tuple[pa.Table, pa.Table]:
    (tmp_path / "data").mkdir()
    pq.write_table(table, tmp_path / "data/a.parquet", row_group_size=4)
    return scanned_folder(tmp_path, part=part, **dataset)


def scanned_folder(tmp_path: Path, *, part: int = 0, **dataset: Any) -> tuple[pa.Table, pa.Table]:
    run, plans = plan_run(configured(tmp_path, **dataset), {})
    plan = plans["source"]
    found = scan(plan.partitions[part], run.source, plan.label_type)
    return found.rows, found.rejected


def configured(tmp_path: Path, **dataset: Any) -> RunConfig:
    section = {"source": str(tmp_path / "data"), "label": "label", "features": {"text": "text"}, **dataset}
    return RunConfig.model_validate(
        {"dataset": section, "store": {"root": str(tmp_path / "store")}, "compute": {"partition_rows": 4}}
    )


def test_rows_without_a_label_or_an_id_are_put_aside_with_their_place(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["t"] * 8,
            "key": [None, 1, 2, 3, 4, None, 6, 7],
            "label": ["a", None, "b", "c" * 200, "a", "b", None, "a"],
        }
    )
    index, rejected = scanned(tmp_path, table, part=1, id="key", classes=["a", "b"])
    assert index.select(["row", "id", "label"]).to_pylist() == [
        {"row": 0, "id": "4", "label": "a"},
        {"row": 3, "id": "7", "label": "a"},
    ]
    assert index["file_row"].to_pylist() == [4, 7]
    assert rejected.to_pylist() == [
        {"file": "a.parquet", "row": 5, "id": None, "reason": "null id", "value": None},
        {"file": "a.parquet", "row": 6, "id": "6", "reason": "null label", "value": None},
    ]


def test_ids_that_are_floats_are_whole_numbers(tmp_path: Path) -> None:
    """As pandas keeps a column of them with gaps."""
    table = pa.table({"text": ["t"] * 4, "key": [1.0, 2.5, np.nan, 4.0], "label": ["a", "b", "a", "b"]})
    index, rejected = scanned(tmp_path, table, id="key")
    assert index["id"].to_pylist() == ["1", "4"]
    fraction = "id has a fraction or is too large for a whole number: write it as a string"
    assert [(row["row"], row["reason"]) for row in rejected.to_pylist()] == [(1, fraction), (2, "null id")]


def test_rows_of_a_target_without_ids_are_named_by_file_and_row(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    pq.write_table(pa.table({"text": ["t"] * 2}), tmp_path / "new/a.parquet")
    pq.write_table(pa.table({"text": ["t"] * 2, "key": ["x", "y"]}), tmp_path / "new/b.parquet")
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"text": ["t"], "key": ["z"], "label": ["a"]}), tmp_path / "data/a.parquet")
    run, plans = plan_run(configured(tmp_path, id="key", target=str(tmp_path / "new")), {})
    found = [scan(part, run.source, "string") for part in plans["target"].partitions]
    named = [name for index in found for name in index.rows["id"].to_pylist()]
    assert sorted(named) == ["a.parquet#0", "a.parquet#1", "x", "y"]


def test_a_list_with_a_class_twice_is_no_set(tmp_path: Path) -> None:
    lists = [["a", "b"], ["b", "a", "b"], [], ["a", None, None], ["a", "a"], ["b"]]
    table = pa.table({"text": ["t"] * 6, "label": lists})
    (tmp_path / "data").mkdir()
    pq.write_table(table, tmp_path / "data/a.parquet")
    run, plans = plan_run(configured(tmp_path, task="multilabel"), {})
    found = [scan(partition, run.source, "list") for partition in plans["source"].partitions]
    assert [row for each in found for row in each.rows["label"].to_pylist()] == [["a", "b"], [], ["b"]]
    rejected = [row for each in found for row in each.rejected.to_pylist()]
    twice = "a class stands twice in the list; multilabel is for sets of classes, not for tags of tokens"
    assert [(row["row"], row["reason"], row["value"]) for row in rejected] == [
        (1, twice, "b, a, b"), (3, "null among the labels", "a, None, None"), (4, twice, "a, a"),
    ]  # fmt: skip


@pytest.mark.parametrize(("sequences", "refused"), [(1, False), (3, True)])
def test_a_column_of_sequences_is_refused_and_a_slip_is_not(
    tmp_path: Path, sequences: int, refused: bool
) -> None:
    lists = [["O", "B", "O"]] * sequences + [["O", "B"]] * (10 - sequences)
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"text": ["t"] * 10, "label": lists}), tmp_path / "data/a.parquet")
    run, plans = plan_run(configured(tmp_path, task="multilabel"), {})
    found = [scan(partition, run.source, "list") for partition in plans["source"].partitions]
    said = [each.rejected for each in found], 10 - sequences, "data", "label"
    if not refused:
        refuse_sequences(*said)
        return
    with pytest.raises(InputError, match="3 of 10 rows name a class twice or oftener in label: that looks"):
        refuse_sequences(*said)


def test_classes_that_are_all_tags_of_tokens_are_refused() -> None:
    with pytest.raises(InputError, match=r"tags of tokens \(B-x, I-x, O; bio\)") as refused:
        refuse_tags({"O", "B-x", "I-x"}, "data", "label")
    assert "find_token_errors" in refused.value.fix
    refuse_tags({"O", "B-x", "other"}, "data", "label")
    refuse_tags(set(), "data", "label")


def test_cells_that_are_not_utf8_put_their_row_aside(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.csv").write_bytes(b"key,text,label\n1,t,a\n2\xff,t,b\n3,t,b\xfe\n4,\xff,a\n")
    index, rejected = scanned_folder(tmp_path, id="key")
    assert index["id"].to_pylist() == ["1", "4"]
    assert rejected.select(["row", "id", "reason", "value"]).to_pylist() == [
        {"row": 1, "id": None, "reason": "id is not UTF-8", "value": None},
        {"row": 2, "id": "3", "reason": "label is not UTF-8", "value": None},
    ]


def test_what_a_format_cannot_read_is_put_aside_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with tarfile.open(tmp_path / "data/a.tar", "w") as tar:
        for name, data in (
            ("0.txt", b"t"),
            ("0.cls", b"1"),
            ("1.cls", b"0"),
            ("2.txt", b"\xff"),
            ("2.cls", b"1"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    index, rejected = scanned_folder(
        tmp_path, id="__key__", label="cls", features={"text": "txt"}, classes=[1, 2]
    )
    assert index["id"].to_pylist() == ["0", "2"]  # what is wrong with its text, its encoder says
    assert rejected["reason"].to_pylist() == ["label not in dataset.classes"]


def test_an_offending_value_is_shortened(tmp_path: Path) -> None:
    table = pa.table({"text": ["t"] * 3, "label": ["a", "b", "ж" * 200]})
    _, rejected = scanned(tmp_path, table, classes=["a", "b"])
    assert rejected["reason"].to_pylist() == ["label not in dataset.classes"]
    assert rejected["value"].to_pylist() == ["ж" * 80]


def test_rows_without_ids_are_named_by_file_and_place(tmp_path: Path) -> None:
    table = pa.table({"text": ["t"] * 6, "label": pa.array(list("ababab")).dictionary_encode()})
    index, _ = scanned(tmp_path, table, part=1)
    assert index["id"].to_pylist() == ["a.parquet#4", "a.parquet#5"]
    assert index["label"].to_pylist() == ["a", "b"]


def test_classes_that_are_no_integers_are_refused_where_labels_are(tmp_path: Path) -> None:
    table = pa.table({"text": ["t"] * 2, "label": [1, 2]})
    with pytest.raises(InputError, match=r"dataset\.classes: the labels are integers"):
        scanned(tmp_path, table, classes=["cat", "dog"])


def test_ingest_says_which_classes_look_like_one(tmp_path: Path) -> None:
    labels = ["Billing", "Returns"] * 40 + ["billing"] * 3 + ["Retunrs"]
    table = pa.table({"text": ["t"] * len(labels), "label": labels})
    (tmp_path / "data").mkdir()
    pq.write_table(table, tmp_path / "data/a.parquet")
    run, plans = plan_run(configured(tmp_path), {})
    result = ingesting.ingest(run, plans)
    (check,) = (each for each in result.gate.warned if each.name == "max_similar_class_names")
    assert result.gate.ok and check.observed == "2"
    assert check.sentence.startswith(
        "some classes look like one: 'Billing' (40) / 'billing' (3): the way of writing, "
        "'Returns' (40) / 'Retunrs' (1): one letter (max_similar_class_names: 2, expected"
    )


@pytest.mark.parametrize("ranges", [1, 2, 7])
def test_duplicates_are_all_but_the_first(
    tmp_path: Path, ranges: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [*"abacdbe", "f", "a", "g"]
    table = pa.table({"text": ["t"] * 10, "key": ids, "label": list("xyxyxyxyxy")})
    (tmp_path / "data").mkdir()
    pq.write_table(table, tmp_path / "data/a.parquet", row_group_size=4)
    run, plans = plan_run(configured(tmp_path, id="key"), {})
    partitions = plans["source"].partitions
    for each in partitions:
        assert write_index(run.artifacts, run.source, each, "string") is not None
        assert write_index(run.artifacts, run.source, each, "string") is None
    tables, bytes_read = [], []
    table, part = Store.read_table, Store.read_range
    monkeypatch.setattr(Store, "read_table", lambda *each: tables.append(each[1]) or table(*each))
    monkeypatch.setattr(
        Store, "read_range", lambda *each: bytes_read.append(each[3] - each[2]) or part(*each)
    )
    monkeypatch.setattr(duplicate_ids, "COMPARED_IDS", -(-10 // ranges))
    found = duplicate_ids.repeated_ids(run.artifacts, partitions, 10, "string")
    assert [each.tolist() for each in found] == [[2], [1], [0]]
    assert len(tables) == len(partitions)  # hashes are read once, and of those sorted no more than there are
    assert sum(bytes_read) == (10 * ENTRY.itemsize if ranges > 1 else 0)
    assert run.artifacts.store.names(f"{run.artifacts.folder}/ingest/ids") == set()


def test_vectors_come_back_with_the_rows_that_have_none(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for dtype in (np.float16, np.float32):
        vectors = np.arange(12, dtype=dtype).reshape(4, 3)
        contents = np.array([7, 0, 2**64 - 1, 7], dtype=np.uint64)
        write_vectors(store, "v.parquet", vectors, [None, "null text", None, None], contents)
        part = read_vectors(store, "v.parquet")
        found, usable, hashes = part.vectors, part.usable, part.contents
        np.testing.assert_array_equal(hashes, contents)
        assert found.dtype == dtype
        assert usable.tolist() == [True, False, True, True]
        np.testing.assert_array_equal(found[usable], vectors[usable])
    write_vectors(store, "none.parquet", vectors, ["x"] * 4, contents)
    assert read_vectors(store, "none.parquet").usable.tolist() == [False] * 4


def test_a_part_is_read_at_once_and_the_vectors_of_tokens_stay_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, read, asked = Store(str(tmp_path)), pq.read_table, []
    vectors, words = np.ones((2, 3), np.float32), np.array([[1, 2], [3, 4]], np.uint32)
    tokens = pa.array([b"raw", b""], pa.large_binary())
    write_vectors(store, "v.parquet", vectors, [None] * 2, np.arange(2, dtype=np.uint64), words, None, tokens)

    def reading(*given: Any, columns: list[str], **options: Any) -> pa.Table:
        asked.append(columns)
        return read(*given, columns=columns, **options)

    monkeypatch.setattr(pq, "read_table", reading)
    monkeypatch.setattr(Store, "open_table", None)  # not even for its columns
    part = read_vectors(store, "v.parquet")
    np.testing.assert_array_equal(part.vectors, vectors)
    np.testing.assert_array_equal(part.beside["words"], words)
    assert asked == [["vector", "content", "words"]]


def test_some_vectors_are_read_by_the_row_groups_that_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, rows = Store(str(tmp_path)), 5000
    vectors = np.arange(rows * 512, dtype=np.float32).reshape(rows, 512)
    reasons = ["null text" if row == 4 else None for row in range(rows)]
    write_vectors(store, "v.parquet", vectors, reasons, np.arange(rows, dtype=np.uint64))
    read: list[int] = []
    group = pq.ParquetFile.read_row_group

    def reading(self: pq.ParquetFile, number: int, *arguments: Any, **options: Any) -> pa.Table:
        read.append(number)
        return group(self, number, *arguments, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", reading)
    wanted = np.array([4999, 4, 7, 2500, 2501, 9000])
    found, usable = read_some(store, "v.parquet", wanted)
    assert read == [0, 2, 4]  # of five
    assert usable.tolist() == [True, False, True, True, True]
    np.testing.assert_array_equal(found[usable], vectors[wanted[:5]][usable])
    assert read_some(store, "v.parquet", wanted[:0])[0].shape == (0, 512)
    whole = read_vectors(store, "v.parquet")
    np.testing.assert_array_equal(whole.vectors[whole.usable], vectors[whole.usable])


def test_a_refusal_names_the_first_rows_and_counts_the_rest() -> None:
    failed = Check(name="max_rejected", ok=False, severity="error", expected="0", observed="1")
    rows = [
        {"file": "f", "row": row, "id": f"i{row}", "reason": "null label", "value": None} for row in range(9)
    ]
    gate = GateResult(stage="ingest", ok=False, checks=(failed,))
    places = {"source": "s3://b/d", "target": "s3://b/t"}
    table = pa.Table.from_pylist(rows)
    figures = EmbeddingFigures(
        encoder="e", rows=131, rejected_rows=9, rejected_share=9 / 140, dim=2, distinct_rows=131,
        dead_dimensions=0, encoding_seconds=0.0,
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        refuse(gate, {"source": table, "target": table.slice(0, 0)}, figures, places)
    lines = str(caught.value).splitlines()
    assert lines[0] == "s3://b/d: 9 rows or files can't be used:"
    assert lines[1:7] == [*(f"  f row {row} (id i{row}): null label" for row in range(5)), "  … and 4 more"]
    assert lines[7].endswith("go on without them: --set gates.ingest.thresholds.max_rejected=0.065")
    latin = pa.Table.from_pylist([{**row, "reason": "label is not UTF-8"} for row in rows])
    with pytest.raises(
        InputError, match=r"\n  write it as UTF-8, .*encoding: cp1252}, or go on without them"
    ):
        refuse(gate, {"source": latin}, figures, places)
    with pytest.raises(InputError, match=r"^s3://b/t: 9 rows or files can't be used:\n  f row 0"):
        refuse(gate, {"source": table.slice(0, 0), "target": table}, figures, places)
    with pytest.raises(InputError, match=r"^s3://b/d: 11 rows .*\n.*\n.*\n  target f row 0"):
        refuse(gate, {"source": table.slice(0, 2), "target": table}, figures, places)
    refuse(GateResult(stage="ingest", ok=True, checks=()), {"source": table}, figures, places)
