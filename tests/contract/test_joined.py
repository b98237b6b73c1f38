"""A version as one file to train on: the source's rows, in whatever format, with labels as published."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

from labelworks.schemas.errors import ConfigError, InputError, StoreError
from labelworks.tasks.exports import datasets
from labelworks.tasks.exports.joined import ADDED, write_joined
from labelworks.tasks.storage.store import Store

ROWS = 60
TEXTS = [f'a "quoted", text\nof two lines {row}' for row in range(ROWS)]
CLASSES = ("cat", "dog")


def table(first: int = 0) -> pa.Table:
    rows = range(first, first + ROWS)
    columns = {
        "key": [f"{row:05d}" for row in rows],
        "words": TEXTS,
        "zip": [f"{row:03d}" for row in rows],
        "kind": [CLASSES[row // 4 % 2] for row in rows],
        "weight": [row / 7 for row in rows],
    }
    return pa.table(columns)


def section(source: Path | str, **keys: Any) -> dict[str, Any]:
    base = {"name": "d", "source": str(source), "id": "key", "label": "kind", "features": {"text": "words"}}
    return {"dataset": {**base, **keys}}


def expected(first: int = 0) -> list[str]:
    """Labels after treatment, as `version_of` publishes them, in the order of the source."""
    given = table(first)["kind"].to_pylist()
    return [given[row - 1] if row % 2 else given[row] for row in range(ROWS)]


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    if ".jsonl" in path.name:
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_csv(path: Path) -> None:
    pa_csv.write_csv(table(), path / "rows.csv")


def as_jsonl(path: Path) -> None:
    (path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table().to_pylist()))


def as_parquet(path: Path) -> None:
    pq.write_table(table(), path / "rows.parquet", row_group_size=17)


def as_arrow(path: Path) -> None:
    with pa.ipc.new_stream(path / "rows.arrow", table().schema) as sink:
        sink.write_table(table(), max_chunksize=13)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


@pytest.mark.parametrize("write", [as_csv, as_jsonl, as_parquet, as_arrow])
@pytest.mark.parametrize(
    "name", ["train.parquet", "train.csv", "train.JSONL", "train.csv.gz", "train.jsonl.gz"]
)
def test_rows_of_every_format_come_with_their_new_labels(
    source: Path, version_of: Any, tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    write(source)
    written = write_joined(version_of(section(source), Store(str(tmp_path / "store"))), str(tmp_path / name))
    rows = read((tmp_path / name).rename(tmp_path / name.lower()))
    assert list(rows[0]) == ["key", "words", "zip", "kind", "source_weight", *ADDED]
    assert (written.rows, written.renamed) == (ROWS, {"weight": "source_weight"})
    assert [row["key"] for row in rows] == table()["key"].to_pylist()
    assert [row["words"] for row in rows] == TEXTS
    assert [row["zip"] for row in rows] == table()["zip"].to_pylist()
    assert [row["kind"] for row in rows] == expected()
    assert [row["original_label"] for row in rows] == table()["kind"].to_pylist()
    assert [float(row["weight"]) for row in rows][::20] == pytest.approx([0.5, 0.5 + 1 / 12, 0.5 + 1 / 6])
    assert [row["suggestion"] or None for row in rows][:3] == [None, "cat", None]


def test_stores_and_sources_and_files_may_be_on_s3(version_of: Any, bucket: Any, tmp_path: Path) -> None:
    url, options = bucket
    Store(url, options).write_table("in 1/rows.parquet", table())
    config = section(f"{url}/in 1/", storage_options=options)
    version = version_of(config, Store(f"{url}/store", options))
    write_joined(version, f"{url}/out/train.parquet")
    assert Store(url, options).read_table("out/train.parquet")["kind"].to_pylist() == expected()
    write_joined(version, str(tmp_path / "train.csv"))
    assert [row["kind"] for row in read(tmp_path / "train.csv")] == expected()
    with pytest.raises(ConfigError, match="would be one of the source"):
        write_joined(version, f"{url}/in 1/train.parquet")


def test_files_whose_types_differ_become_one_file(source: Path, version_of: Any, tmp_path: Path) -> None:
    odd = table(ROWS).set_column(2, "zip", pa.array(range(ROWS))).drop_columns(["weight"])
    pq.write_table(table(), source / "a.parquet")
    pq.write_table(odd, source / "b.parquet")
    write_joined(version_of(section(source), Store(str(tmp_path / "s"))), str(tmp_path / "x.parquet"))
    rows = pq.read_table(tmp_path / "x.parquet")
    assert rows["zip"].to_pylist() == [*table()["zip"].to_pylist(), *map(str, range(ROWS))]
    assert rows["source_weight"].null_count == ROWS and rows["kind"].to_pylist() == expected() + expected(
        ROWS
    )


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.jsonl"])
def test_what_no_one_type_of_parquet_holds_is_text(
    source: Path, version_of: Any, tmp_path: Path, name: str
) -> None:
    spans = pa.array([(1, 2, 3)] * ROWS, pa.month_day_nano_interval())
    for place, other in enumerate((pa.array([[1, 2]] * ROWS), pa.array(["text"] * ROWS))):
        held = table(place * ROWS).append_column("span", spans).append_column("other", other)
        with pa.ipc.new_file(source / f"{place}.arrow", held.schema) as sink:
            sink.write_table(held)
    write_joined(version_of(section(source), Store(str(tmp_path / "s"))), str(tmp_path / name))
    rows = read(tmp_path / name)
    assert {row["other"] for row in rows} == {"[1, 2]", "text"}
    assert {str(row["span"]) for row in rows} == {"[1, 2, 3]"}


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.jsonl"])
def test_lists_numbers_bytes_and_times_are_carried(
    source: Path, version_of: Any, tmp_path: Path, name: str
) -> None:
    rich = {
        "key": ["a", "b", "c"],
        "kind": [["cat", "dog"], ["dog"], []],
        "vector": [[1.5, float("nan")], [2.0, 3.0], [4.0, 5.0]],
        "meta": [{"by": "ж", "n": 1}] * 3,
        "raw": [b"\x00\xff"] * 3,
        "at": [datetime(2026, 1, 2, tzinfo=UTC)] * 3,
    }
    pq.write_table(pa.table(rich), source / "a.parquet")
    config = section(source, task="multilabel", features={"vector": "vector"})
    write_joined(version_of(config, Store(str(tmp_path / "s"))), str(tmp_path / name))
    rows = read(tmp_path / name)
    labels = [row["kind"] if name != "x.csv" else json.loads(row["kind"]) for row in rows]
    assert labels == [["cat", "dog"], ["cat", "dog"], []]
    if name == "x.parquet":
        assert rows[0]["raw"] == b"\x00\xff" and rows[0]["at"] == rich["at"][0]
    else:
        assert rows[0]["raw"] == "AP8=" and str(rows[0]["at"]).startswith("2026-01-02")
    if name == "x.jsonl":
        assert rows[0]["vector"] == [1.5, None] and rows[0]["meta"] == {"by": "ж", "n": 1}


def test_labels_that_are_no_column_of_the_source_get_one(
    source: Path, version_of: Any, tmp_path: Path
) -> None:
    nested = {"meta": [{"kind": each} for each in table()["kind"].to_pylist()], "label": ["old"] * ROWS}
    rows = table().drop_columns(["kind"])
    for name, values in nested.items():
        rows = rows.append_column(name, pa.array(values))
    pq.write_table(rows, source / "a.parquet")
    version = version_of(section(source, label="meta.kind"), Store(str(tmp_path / "s")))
    assert write_joined(version, str(tmp_path / "x.parquet")).renamed["label"] == "source_label"
    found = pq.read_table(tmp_path / "x.parquet")
    assert found["label"].to_pylist() == expected() and set(found["source_label"].to_pylist()) == {"old"}


def test_a_source_that_has_changed_is_refused_and_no_file_is_left(
    source: Path, version_of: Any, tmp_path: Path
) -> None:
    as_parquet(source)
    version = version_of(section(source), Store(str(tmp_path / "s")))
    (tmp_path / "out").mkdir()
    pq.write_table(table().slice(1), source / "rows.parquet", row_group_size=17)
    with pytest.raises(InputError, match="row 0 has the id '00001', it had '00000'"):
        write_joined(version, str(tmp_path / "out/x.parquet"))
    pq.write_table(table().slice(0, 51), source / "rows.parquet", row_group_size=17)
    with pytest.raises(InputError, match="row"):
        write_joined(version, str(tmp_path / "out/x.parquet"))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("name", "kind", "what"), [
    ("x.txt", ConfigError, "what it is written as"),
    ("x", ConfigError, "what it is written as"),
    ("x.parquet.gz", ConfigError, "what it is written as"),
    ("none/x.csv", StoreError, "its folder isn't there"),
    ("source/x.csv", ConfigError, "would be one of the source"),
])  # fmt: skip
def test_a_file_that_cannot_be_is_refused(
    source: Path, version_of: Any, tmp_path: Path, name: str, kind: type[Exception], what: str
) -> None:
    as_parquet(source)
    version = version_of(section(source), Store(str(tmp_path / "s")))
    with pytest.raises(kind, match=what):
        write_joined(version, str(tmp_path / name))


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (4, 4), shade).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("struct", [True, False])
def test_a_datasets_folder_has_images_and_named_classes(
    source: Path, version_of: Any, tmp_path: Path, struct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    library = pytest.importorskip("datasets")
    pictures = [picture(40 * row) for row in range(6)]
    rows = {
        "reason": [{"bytes": each, "path": "x.png"} for each in pictures] if struct else pictures,
        "kind": [3, 3, 7, 7, 7, 3],
    }
    pq.write_table(pa.table(rows), source / "a.parquet")
    config = section(source, id=None, features={"image": "reason"})
    version = version_of(config, Store(str(tmp_path / "s")), classes=(3, 7))
    datasets.write(version)
    loaded = library.load_from_disk(datasets.address(version))
    assert loaded.features["label"].names == ["3", "7"] and loaded["label"][:] == [0, 0, 1, 1, 1, 1]
    assert loaded.features["suggestion"].names == ["3", "7"]
    assert [each.getpixel((0, 0)) for each in loaded["source_reason"]] == [40 * row for row in range(6)]


def test_a_datasets_folder_has_vectors_and_lists_of_classes(
    source: Path, version_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    library = pytest.importorskip("datasets")
    vectors = pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float16(), 2))
    labels = pa.array([["dog"], ["cat", "dog"]])
    pq.write_table(pa.table({"key": ["a", "b"], "vector": vectors, "kind": labels}), source / "a.parquet")
    config = section(source, task="multilabel", features={"vector": "vector"})
    version = version_of(config, Store(str(tmp_path / "s")))
    datasets.write(version)
    loaded = library.load_from_disk(datasets.address(version))
    assert loaded.features["label"].feature.names == ["cat", "dog"]
    assert loaded["original_label"][:] == [[1], [0, 1]] and loaded["suggestion"][:] == [None, [1]]
    assert loaded["vector"][:] == [[1.0, 2.0], [3.0, 4.0]]


def test_folders_of_images_and_columns_of_numbers_and_paths_are_sources_too(
    source: Path, version_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    library = pytest.importorskip("datasets")
    for row in range(6):
        (source / CLASSES[row // 4]).mkdir(exist_ok=True)
        (source / CLASSES[row // 4] / f"{row}.png").write_bytes(picture(40 * row))
    folders = section(source, id="path", label="label", features={"image": "image"})
    version = version_of(folders, Store(str(tmp_path / "a")))
    datasets.write(version)
    loaded = library.load_from_disk(datasets.address(version))
    assert sorted(each.getpixel((0, 0)) for each in loaded["image"]) == [40 * row for row in range(6)]
    write_joined(version, str(tmp_path / "a.parquet"))
    found = pq.read_table(tmp_path / "a.parquet")
    assert found["path"].to_pylist() == [f"{CLASSES[row // 4]}/{row}.png" for row in range(6)]
    assert found["image"].to_pylist() == [picture(40 * row) for row in range(6)]
    rows = {"file": found["path"], "a": range(6), "b": [0.5] * 6, "kind": ["cat", "dog"] * 3}
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    for features, more in (
        ({"image": "file"}, {"image_root": str(source)}),
        ({"columns": ["a", "b"]}, {}),
    ):
        config = section(tmp_path / "rows.parquet", id=None, features=features, **more)
        version = version_of(config, Store(str(tmp_path / next(iter(features)))))
        datasets.write(version)
        loaded = library.load_from_disk(datasets.address(version))
        if more:
            assert [each.getpixel((0, 0)) for each in loaded["file"]] == [40 * row for row in range(6)]
        else:
            assert (loaded["a"][:], loaded["b"][:]) == (list(range(6)), [0.5] * 6)


def test_the_command_exports_the_version_published_last(
    source: Path, version_of: Any, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_csv(source)
    monkeypatch.chdir(tmp_path)
    store = Store(str(tmp_path / "labelworks-store"))
    assert command("export", "--joined", "x.csv")[0] == 2
    for number in (1, 2):
        version = version_of(section(source), store, number)
        manifest = f"{version.folder}/manifest.json"
        store.write(manifest, version.record.model_dump_json().encode())
        store.write_json(f"d/versions/{number}.json", {"run_id": version.run_id, "manifest": manifest})
    store.write_json("d/runs/other/started.json", {"started": "2099-01-01T00:00:00"})
    code, out, err = command("export", "--joined", "x.csv")
    assert (code, out) == (0, f"{tmp_path}/x.csv\n")
    assert "60 rows of run run-2" in err and "'weight' is 'source_weight' there" in err
    assert [row["kind"] for row in read(tmp_path / "x.csv")] == expected()
    assert "60 rows of run run-1" in command("export", "run-1", "--joined", "x.jsonl")[2]
    code, _, err = command("export", "other", "--joined", "y.csv")
    assert (code, "the run published nothing: it is unfinished" in err) == (2, True)
    (tmp_path / "d.yaml").write_text(json.dumps(section(source) | {"store": {"root": store.root}}))
    assert command("export", "--config", "d.yaml", "--joined", "z.parquet")[0] == 0
    assert not (tmp_path / "y.csv").exists()


def test_members_of_a_tar_and_numpys_arrays_are_columns_too(
    source: Path, version_of: Any, tmp_path: Path
) -> None:
    given = [row // 4 % 2 for row in range(8)]
    expect = [given[row - 1] if row % 2 else given[row] for row in range(8)]
    with tarfile.open(source / "rows.tar", "w") as sink:
        for row in range(8):
            for suffix, value in (("txt", f"ж {row}"), ("cls", str(given[row]))):
                member = tarfile.TarInfo(f"{row:03d}.{suffix}")
                member.size = len(value.encode())
                sink.addfile(member, io.BytesIO(value.encode()))
    config = section(source, id="__key__", label="cls", features={"text": "txt"})
    write_joined(version_of(config, Store(str(tmp_path / "a")), classes=(0, 1)), str(tmp_path / "a.csv"))
    rows = read(tmp_path / "a.csv")
    assert [row["txt"] for row in rows] == [f"ж {row}" for row in range(8)]
    assert [int(row["cls"]) for row in rows] == expect
    np.savez(tmp_path / "rows.npz", x=np.ones((8, 2), np.float16), y=np.array(given))
    config = section(tmp_path / "rows.npz", id=None, label="y", features={"vector": "x"})
    write_joined(version_of(config, Store(str(tmp_path / "b")), classes=(0, 1)), str(tmp_path / "b.parquet"))
    found = pq.read_table(tmp_path / "b.parquet")
    assert found["y"].to_pylist() == expect and found["x"].to_pylist() == [[1.0, 1.0]] * 8
