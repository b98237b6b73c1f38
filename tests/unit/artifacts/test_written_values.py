"""Values as they stand in CSV and JSON Lines: what a column is for decides what they are, row by row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.artifacts.index import Index
from labelworks.tasks.artifacts.votes.vote_files import read_votes
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.values import votes_of
from labelworks.tasks.sources.formats import csv, jsonl
from labelworks.tasks.sources.values.joined import as_type, common, joined, read_type, written_type
from labelworks.tasks.sources.values.numerals import label_type


def config(folder: Path, *, detect: dict[str, Any] | None = None, **dataset: Any) -> RunConfig:
    section = {
        "source": f"{folder}/data",
        "label": "label",
        "id": "id",
        "features": {"text": "text"},
    } | dataset
    return RunConfig.model_validate(
        {"dataset": section, "detect": detect or {}, "store": {"root": f"{folder}/store"}}
    )


def put(folder: Path, name: str, data: str | bytes) -> None:
    path = folder / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def scanned(folder: Path, **sections: Any) -> Index:
    """What is in the index of all partitions."""
    run, plans = plan_run(config(folder, **sections), {})
    kept_as = {"multilabel": "list", "regression": "number"}.get(run.config.dataset.task)
    found = [
        scan(partition, run.source, kept_as or plans["source"].label_type)
        for partition in plans["source"].partitions
    ]
    rows = pa.concat_tables([each.rows for each in found])
    rejected = pa.concat_tables([each.rejected for each in found])
    kinds = [read_type(each.time) for each in found if each.time]
    return Index(rows, rejected, time=written_type(common(kinds)) if kinds else "")


def aside(found: Index) -> dict[int, str]:
    return {row["row"]: row["reason"] for row in found.rejected.to_pylist()}


def test_ids_and_classes_of_a_csv_are_what_was_typed(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "id,label,text\n0001,01,7\n0002,02,2026-01-02\n1e3,1,true\n")
    found = scanned(tmp_path)
    assert found.rows["id"].to_pylist() == ["0001", "0002", "1e3"]
    assert found.rows["label"].to_pylist() == ["01", "02", "1"]


@pytest.mark.parametrize(
    ("labels", "kept", "values"),
    [
        (["1", "-2", "0"], pa.int64(), [1, -2, 0]),
        (["1.0", "2.0", ""], pa.int64(), [1, 2, None]),  # as pandas writes classes of which some are missing
        (["1", "02", "3"], pa.string(), ["1", "02", "3"]),
        (["1", "+2"], pa.string(), ["1", "+2"]),
        (["1", "2e0"], pa.string(), ["1", "2e0"]),
        (["1", "-0"], pa.string(), ["1", "-0"]),
        (["1", "99999999999999999999"], pa.string(), ["1", "99999999999999999999"]),
        (["true", "false"], pa.string(), ["true", "false"]),
        (["2026-01-02", "2026-01-03"], pa.string(), ["2026-01-02", "2026-01-03"]),
        (["", ""], pa.string(), [None, None]),
    ],
)
def test_classes_of_a_csv_are_numbers_where_all_are_written_as_such(
    tmp_path: Path, labels: list[str], kept: pa.DataType, values: list[Any]
) -> None:
    put(
        tmp_path,
        "a.csv",
        "id,label,text\n" + "".join(f"{row},{label},t\n" for row, label in enumerate(labels)),
    )
    found = scanned(tmp_path)
    assert found.rows.schema.field("label").type == kept
    assert found.rows["label"].to_pylist() == [value for value in values if value is not None]
    assert set(aside(found).values()) <= {"null label"}


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1))
def test_whole_numbers_are_numbers(values: list[int]) -> None:
    assert label_type(pa.array(list(map(str, values)))) == pa.int64()
    assert label_type(pa.array([*map(str, values), f"0{abs(values[0])}"])) == pa.string()


def test_files_of_a_csv_dataset_agree_on_their_labels(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "id,label,text\n1,1,t\n2,2,t\n")
    put(tmp_path, "b.csv", "id,label,text\n3,03,t\n")
    assert scanned(tmp_path).rows["label"].to_pylist() == ["1", "2", "03"]


def test_a_label_unlike_the_first_ones_puts_its_row_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv, "BLOCK", 64)
    monkeypatch.setattr(jsonl, "BLOCK", 64)
    rows = [*range(30), "many"]
    put(
        tmp_path, "a.csv", "id,label,text\n" + "".join(f"{row},{label},t\n" for row, label in enumerate(rows))
    )
    found = scanned(tmp_path)
    assert (found.rows.num_rows, aside(found)) == (
        30, {30: "label is no whole number, as the other classes are"},
    )  # fmt: skip
    put(tmp_path, "a.csv", "id,label,text\n1,0.5,t\n2,n/a,t\n3,7,t\n4,1e3,t\n")
    found = scanned(tmp_path, task="regression")
    assert (found.rows["label"].to_pylist(), aside(found)) == ([0.5, 7, 1000], {1: "label is no number"})
    (tmp_path / "data/a.csv").unlink()
    lines = [json.dumps({"id": str(row), "label": label, "text": "t"}) for row, label in enumerate(rows)]
    put(tmp_path, "a.jsonl", "\n".join(lines))
    found = scanned(tmp_path)
    assert found.rows.num_rows == 30
    assert aside(found) == {30: "'label' is a string here, and int64 in the lines before"}


def test_a_row_of_a_csv_that_is_too_long_or_too_short_is_put_aside_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{row},a,t\n" for row in range(40)]
    bad = {3: "3,a\n", 4: "4,a,t,more\n", 17: "\n17", 39: "39\n"}
    for row, line in bad.items():
        lines[row] = f'{row},a,"of\n\ntwo"\n' if row == 17 else line
    for block in (64, 1 << 20):
        monkeypatch.setattr(csv, "BLOCK", block)
        put(tmp_path, "a.csv", "id,label,text\n" + "".join(lines))
        found = scanned(tmp_path)
        assert found.rows["id"].to_pylist() == [str(row) for row in range(40) if row not in (3, 4, 39)]
        assert found.rows["file_row"].to_pylist() == [row for row in range(40) if row not in (3, 4, 39)]
        assert aside(found) == {
            3: "the row has 2 cells, the header 3", 4: "the row has 4 cells, the header 3",
            39: "the row has 1 cells, the header 3",
        }  # fmt: skip


def test_a_csv_is_read_whole_though_a_look_at_it_read_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv, "BLOCK", 1 << 14)
    put(tmp_path, "a.csv", "id,label,text\n" + "".join(f"{row},a,t\n" for row in range(40_000)))
    for _ in range(5):
        assert scanned(tmp_path).rows["id"].to_pylist() == list(map(str, range(40_000)))


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-16", ";"), ("cp1252", "\t"), ("utf-8", "|"), ("latin-1", ",")]
)
def test_csv_is_read_as_the_config_says(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [["id", "label", "résumé"], ["1", "é", "a"], ["2", "ü", "b"]]
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    put(tmp_path, "a.csv", text.encode(encoding))
    put(tmp_path, "B.CSV.GZ", gzip.compress(text.replace("1", "3").replace("2", "4").encode(encoding)))
    said = {"delimiter": delimiter, "encoding": encoding}
    found = scanned(tmp_path, csv=said, features={"text": "résumé"})
    assert found.rows.select(["id", "label"]).to_pydict() == {
        "id": ["3", "4", "1", "2"], "label": ["é", "ü"] * 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        ("id,label,résumé\n1,a,b\n".encode("cp1252"), "a.csv", "its header is not utf-8"),
        (b"id;label;text\n1;a;b\n", "a.csv", r'dataset.csv: {delimiter: ";"}'),
        (
            "id,label,text\n1,a,b\n".encode("utf-16"),
            "a.csv",
            r"it is UTF-16\n.*dataset.csv: {encoding: utf-16}",
        ),
        (gzip.compress(b"id,label,text\n", mtime=0), "a.csv", "it is gzip, but its name doesn't end in .gz"),
        (b"id,label,text\n", "a.csv.gz", "its name ends in .gz, but it isn't gzip"),
        ("id,label\n".encode("utf-16-le"), "a.csv", r"without a byte order mark\n.*{encoding: utf-16-le}"),
        ("id,label\n".encode("utf-16-be"), "a.csv", r"without a byte order mark\n.*{encoding: utf-16-be}"),
        (b"PK\x03\x04 a workbook", "a.csv", "it is a zip archive or a workbook"),
        (b"id,label,label,text\n1,a,b,c\n", "a.csv", "there are several columns 'label'"),
        (b'{"id": 1}\n'.decode().encode("utf-16"), "a.jsonl", "it is UTF-16"),
        (b"nothing\nof the kind\n", "a.jsonl", "no line of its beginning is a JSON object"),
    ],
)
def test_what_is_not_as_the_config_says_is_said(tmp_path: Path, data: bytes, name: str, said: str) -> None:
    put(tmp_path, name, data)
    with pytest.raises(InputError, match=said) as caught:
        scanned(tmp_path)
    assert caught.value.where == f"{tmp_path}/data/{name}"
    assert caught.value.fix


@pytest.mark.parametrize(
    ("key", "value"),
    [("delimiter", ";;"), ("delimiter", '"'), ("encoding", "klingon"), ("encoding", "rot13")],
)
def test_no_delimiter_and_no_encoding_is_refused(tmp_path: Path, key: str, value: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(json.dumps({"dataset": {
        "source": "d", "label": "y", "features": {"text": "t"}, "csv": {key: value},
    }}, indent=1))  # fmt: skip
    with pytest.raises(ConfigError, match=f"dataset.csv.{key}"):
        load_config(file)


def test_bad_json_lines_are_put_aside_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"id": row, "label": "ab"[row % 2], "text": "t"}) for row in range(40)]
    bad = {
        0: (lines[0].replace("t", "\\ud83d", 3), "half of a surrogate pair"),
        7: (lines[7].replace('{"id"', '{"label": "a", "id"'), "the key 'label' is there twice"),
        8: (lines[8][:-3], "the line is no JSON, from character"),
        9: ("[1, 2]", "the line is no JSON object"),
        20: (lines[20].replace('"a"', '["a"]'), "'label' is a list here"),
        30: (lines[30].replace('"t"', '"\\udc80"'), "half of a surrogate pair"),
    }
    bad[0] = ('{"id": 0, "label": "a", "text": "\\ud83d cut"}', bad[0][1])
    for row, (line, _) in bad.items():
        lines[row] = line
    for block in (97, 1 << 20):
        monkeypatch.setattr(jsonl, "BLOCK", block)
        put(tmp_path, "a.jsonl", "\n".join(lines) + "\n")
        found = scanned(tmp_path)
        assert found.rows["id"].to_pylist() == [str(row) for row in range(40) if row not in bad]
        assert set(aside(found)) == set(bad)
        for row, reason in aside(found).items():
            assert bad[row][1] in reason


def test_json_strings_stay_strings(tmp_path: Path) -> None:
    rows = [
        {
            "id": "2026-01-01",
            "label": "2026-01-02",
            "text": "2026-01-03 04:05:06",
            "meta": {"at": "2026-01-04"},
        },
        {"id": "07", "label": "1", "text": "2026-01-03T04:05:06Z", "meta": {"at": "2026-01-05"}},
    ]
    put(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    run, plans = plan_run(config(tmp_path, time="meta.at"), {})
    (partition,) = plans["source"].partitions
    table = run.source.reader(partition).table(["id", "label", "text", "meta.at"])
    assert table.schema.types == [pa.string()] * 4
    assert table["meta.at"].to_pylist() == ["2026-01-04", "2026-01-05"]
    assert scan(partition, run.source, "string").rows["id"].to_pylist() == ["2026-01-01", "07"]


def test_votes_join_by_what_was_typed_whatever_the_types_of_their_files(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "id,text\n0001,t\n0002,t\n")
    (tmp_path / "votes").mkdir()
    (tmp_path / "votes/a.csv").write_text("item,annotator,label\n0001,7,1\n0002,7,2\n")
    pq.write_table(
        pa.table({"item": ["0001"], "annotator": pa.array([7]), "label": pa.array([1.0])}),
        tmp_path / "votes/b.parquet",
    )
    votes = {"source": f"{tmp_path}/votes"}
    run, _ = plan_run(config(tmp_path, label=None, votes=votes), {})
    asked = votes_of(run.config.dataset)
    assert asked is not None
    table, kind = read_votes(asked, run.source.options)
    assert (kind, table["item"].to_pylist()) == ("int", ["0001", "0002", "0001"])
    assert table["label"].to_pylist() == [1, 2, 1]
    (tmp_path / "votes/c.jsonl").write_text('{"item": "0002", "annotator": "x", "label": "two"}\n')
    table, kind = read_votes(asked, run.source.options)
    assert (kind, table["label"].to_pylist()) == ("string", ["1", "2", "1", "two"])
    pq.write_table(
        pa.table({"item": ["1"], "annotator": ["x"], "label": [0.5]}), tmp_path / "votes/b.parquet"
    )
    with pytest.raises(InputError, match=r"the vote 0\.5 on '1' can't be read: label has a fraction"):
        read_votes(asked, run.source.options)


@pytest.mark.parametrize(
    ("kinds", "together"),
    [
        ([pa.timestamp("s"), pa.date32()], pa.timestamp("us")),
        ([pa.timestamp("ns"), pa.timestamp("ms", "Europe/Paris")], pa.timestamp("us", "UTC")),
        ([pa.timestamp("ns", "UTC")] * 2, pa.timestamp("ns", "UTC")),
        ([pa.string(), pa.timestamp("s")], pa.string()),
        ([pa.int32(), pa.float32()], pa.float64()),
        ([pa.large_string(), pa.null()], pa.large_string()),
    ],
)
def test_times_of_all_files_are_published_in_one_type(
    tmp_path: Path, kinds: list[pa.DataType], together: pa.DataType
) -> None:
    (tmp_path / "data").mkdir()
    for place, kind in enumerate(kinds):
        moments = pa.array(["2026-01-02", "2026-01-03"])
        times = pa.array([1, 2]).cast(kind) if kind in (pa.int32(), pa.float32()) else None
        times = pa.nulls(2) if pa.types.is_null(kind) else times
        held = moments.cast(pa.timestamp("s")) if pa.types.is_temporal(kind) else moments
        table = {"id": [f"{place}a", f"{place}b"], "label": ["a", "b"], "text": ["t", "t"]}
        pq.write_table(
            pa.table({**table, "at": held.cast(kind) if times is None else times}),
            tmp_path / f"data/{place}.parquet",
        )
    found = scanned(tmp_path, time="at")
    assert (found.rejected.num_rows, read_type(found.time)) == (0, together)
    run, plans = plan_run(config(tmp_path, time="at"), {})
    tables = [run.source.reader(partition).table(["at"]) for partition in plans["source"].partitions]
    assert {as_type(each["at"], together).type for each in tables} == {together}
    assert joined(tables).schema.field("at").type == together


def test_what_is_no_time_puts_its_row_aside_where_times_are_looked_at(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "id,label,text,at\n1,a,t,2026-01-02\n2,b,t,soon\n3,a,t,\n")
    assert aside(scanned(tmp_path, time="at")) == {1: "time is not ISO 8601"}
    only_carried = scanned(tmp_path, time="at", detect={"windows": {"by": "none"}})
    assert aside(only_carried) == {}


def test_lists_of_class_labels_are_read_by_the_names_of_their_classes(tmp_path: Path) -> None:
    label = {"names": ["ant", "bee"], "_type": "ClassLabel"}
    kinds = [
        {"feature": label, "_type": "List"}, {"feature": label, "length": -1, "_type": "Sequence"},
        {"feature": label, "_type": "LargeList"}, [label],
    ]  # fmt: skip
    for place, feature in enumerate(kinds):
        folder = tmp_path / str(place)
        (folder / "data").mkdir(parents=True)
        values = pa.array([[0, 1], [], None, [1], [0, 7]], pa.list_(pa.int64()))
        table = pa.table({"id": list("vwxyz"), "label": values, "text": ["t"] * 5})
        about = {"huggingface": json.dumps({"info": {"features": {"label": feature}}})}
        pq.write_table(table.replace_schema_metadata(about), folder / "data/a.parquet")
        found = scanned(folder, task="multilabel")
        assert found.rows["label"].to_pylist() == [["ant", "bee"], [], ["bee"]]
        assert aside(found) == {2: "null label", 4: "null among the labels"}
