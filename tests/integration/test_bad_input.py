"""Bad input, case by case: exit code 2, one message that names the file, row or key, nothing touched."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Edit = Callable[[list[dict[str, Any]]], None]


def put(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder


def truncated_gzip() -> bytes:
    return gzip.compress(b"id,text,label\n" + os.urandom(4000).hex().encode())[:2000]


FILES = [
    ("rows.parquet", b"", "empty: no file has a row"),
    ("rows.parquet", b"PAR1" + os.urandom(500), "corrupt or truncated"),
    ("rows.csv", b"id,label\n", "no column 'vector'"),
    ("rows.csv.gz", truncated_gzip(), "corrupt or truncated"),
    ("rows.jsonl", b'{"id": 1, "label": "a"}\n{"id": 2, "la', "corrupt or truncated"),
    ("rows.arrow", os.urandom(300), "corrupt or truncated"),
    ("readme.txt", b"not data", "none of the files is data (1 .txt)"),
]


@pytest.mark.parametrize(("name", "data", "message"), FILES, ids=[f"{n}-{len(d)}" for n, d, _ in FILES])
def test_a_file_that_is_no_data(refuse: Any, tmp_path: Path, name: str, data: bytes, message: str) -> None:
    said = refuse(put(tmp_path / "bad", name, data))
    assert message in said
    assert str(tmp_path / "bad") in said.splitlines()[0]


def test_a_truncated_parquet_file_is_named(refuse: Any, earlier: Any, tmp_path: Path) -> None:
    whole = (earlier[0] / "rows.parquet").read_bytes()
    put(tmp_path / "bad", "rows.parquet", whole[:-200])
    assert refuse(tmp_path / "bad").startswith(
        f"labelworks: {tmp_path}/bad/rows.parquet: can't be read, it is corrupt or truncated"
    )


def test_a_truncated_file_among_good_ones_is_named(refuse: Any, earlier: Any, tmp_path: Path) -> None:
    whole = (earlier[0] / "rows.parquet").read_bytes()
    put(tmp_path / "bad", "a.parquet", whole)
    put(tmp_path / "bad", "b.parquet", whole[: len(whole) // 2])
    said = refuse(tmp_path / "bad", begun=True)
    assert "b.parquet: can't be read, it is corrupt or truncated" in said


def test_pages_that_are_corrupt_are_named(refuse: Any, earlier: Any, tmp_path: Path) -> None:
    pages = bytearray((earlier[0] / "rows.parquet").read_bytes())
    pages[40:2000] = b"\xff" * 1960
    put(tmp_path / "bad", "rows.parquet", bytes(pages))
    said = refuse(tmp_path / "bad", begun=True)
    assert said.startswith(f"labelworks: {tmp_path}/bad/rows.parquet: can't be read, it is corrupt")


def test_a_source_that_is_not_there(refuse: Any, tmp_path: Path) -> None:
    assert f"{tmp_path}/none" in refuse(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert refuse(tmp_path / "empty").startswith(f"labelworks: {tmp_path}/empty: there are no files")


def test_a_dataset_without_rows(refuse: Any, earlier: Any, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    pq.write_table(pq.read_table(earlier[0]).slice(0, 0), tmp_path / "bad/rows.parquet")
    assert refuse(tmp_path / "bad").startswith(f"labelworks: {tmp_path}/bad: the dataset is empty")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("dataset.label=lable", "there is no column 'lable' (for label)\n  did you mean 'label'?"),
        ("dataset.id=key", "there is no column 'key' (for id)\n  columns: id, vector, label, day"),
        ("dataset.time=week", "there is no column 'week' (for time)"),
        ("dataset.time=label", "column 'label' can't be carried through"),
        ("dataset.features={vector: label}", "column 'label' is string, but vector needs lists of numbers"),
        ("dataset.features={text: vector}", "but text needs strings"),
        ("dataset.features={image: id}", "column 'id' is string, but image needs image bytes"),
        ("dataset.label=vector", "but label needs strings, whole numbers or booleans"),
    ],
)
def test_a_column_that_is_missing_or_of_the_wrong_type(
    refuse: Any, earlier: Any, setting: str, message: str
) -> None:
    said = refuse(earlier[0], setting)
    assert said.startswith(f"labelworks: {earlier[0]}/rows.parquet: ")
    assert message in said


@pytest.mark.parametrize(
    ("setting", "start", "hint"),
    [
        ("detect.flods=5", "labelworks: --set detect.flods: unknown key", 'did you mean "folds"?'),
        ("detect.noise.method=cl", "labelworks: --set detect.noise.method: ", "confident-learning"),
        ("detect.shift.method=bsee", "labelworks: --set detect.shift.method: ", "bbse"),
        ("detect.probes=[lda, svm]", "labelworks: --set detect.probes: ", "prototype"),
        ("encoder.name=resnet", "labelworks: --set encoder.name: ", "pixels"),
        ("encoder.name=tfidf", "labelworks: --set encoder.name: ", "reads text, but the features are vector"),
        ("encoder.options={dims: 3}", "labelworks: --set encoder.options: ", "unknown option 'dims'"),
        ("validate.model=forest", "labelworks: --set validate.model: ", "multinomial"),
        ("treat.mode=fix", "labelworks: --set treat.mode: ", "relabel"),
        ("gates.publish.thresholds.min_part=1", "labelworks: --set gates.publish.thresholds", "min_parts"),
    ],
)
def test_a_key_or_a_method_that_there_is_not(
    refuse: Any, earlier: Any, setting: str, start: str, hint: str
) -> None:
    said = refuse(earlier[0], setting)
    assert said.startswith(start)
    assert hint in said


def test_a_line_of_the_file_is_named(refuse: Any, earlier: Any) -> None:
    said = refuse(earlier[0], more="detect:\n  noise: {methud: bbse}\n")
    assert said.startswith('labelworks: config.yaml:5: unknown key "detect.noise.methud"')


def edit(column: str, values: dict[int, Any]) -> Edit:
    def apply(rows: list[dict[str, Any]]) -> None:
        for place, value in values.items():
            rows[place][column] = value

    return apply


def everywhere(column: str, value: Any) -> Edit:
    return edit(column, dict.fromkeys(range(120), value))


@pytest.mark.parametrize(
    ("change", "settings", "lines"),
    [
        (everywhere("label", "a"), [], ["column 'label': every row has the label 'a': one class only"]),
        (everywhere("label", None), [], ["column 'label': no row has a label that can be used (null label)"]),
        (edit("label", {4: None}), [], ["rows.parquet row 4 (id row-00004): null label"]),
        (edit("id", {5: None}), [], ["rows.parquet row 5: null id\n"]),
        (edit("id", {7: "row-00003"}), [], ["row 7 (id row-00003): duplicated id: 'row-00003'"]),
        (edit("label", {9: "dog"}), ["dataset.classes=[class-0, class-1, class-2]"],
         ["rows.parquet row 9 (id row-00009): label not in dataset.classes: 'dog'"]),
        (edit("label", {}), ["dataset.classes=[cat, dog]"], ["no row has a label that can be used"]),
        (edit("vector", {8: [1.0, float("nan")] + [0.0] * 4}), [], ["row 8 (id row-00008): vector has NaN"]),
        (edit("vector", {8: [1.0] * 5 + [float("-inf")]}), [], ["vector has inf at position 5"]),
        (edit("vector", {8: [1.0, 2.0]}), [], ["row 8 (id row-00008): vector of length 2, most have 6"]),
        (edit("vector", {8: None, 9: None}), [], ["row 8 (id row-00008): null vector", "row 9"]),
        (everywhere("vector", None), [], ["null vector"]),
    ],
    ids=["one class", "all null", "null label", "null id", "duplicated id", "unknown label", "no known label",
         "nan", "inf", "two lengths", "null vectors", "no vector"],
)  # fmt: skip
def test_rows_that_cannot_be_used(
    refuse: Any, made: Any, tmp_path: Path, change: Edit, settings: list[str],
    lines: list[str],
) -> None:  # fmt: skip
    table = made(rows=120).table
    rows = table.to_pylist()
    change(rows)
    (tmp_path / "bad").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, table.schema), tmp_path / "bad/rows.parquet")
    said = refuse(tmp_path / "bad", *settings, begun=True)
    assert said.startswith(f"labelworks: {tmp_path}/bad")
    for line in lines:
        assert line in said


def test_an_image_that_cannot_be_decoded(refuse: Any, tmp_path: Path) -> None:
    from labelworks.tasks.sources.demo_digits import write_digits
    from labelworks.tasks.storage.store import Store

    digits = Path(write_digits(Store(str(tmp_path / "digits")), 0).source)
    rows = pq.read_table(digits / "part-0.parquet").slice(0, 120).to_pylist()
    rows[11]["image"] = rows[11]["image"][:40]
    (tmp_path / "bad").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "bad/rows.parquet")
    said = refuse(tmp_path / "bad", "dataset.features={image: image}", begun=True)
    assert f"rows.parquet row 11 (id {rows[11]['id']}): undecodable image" in said


def test_a_process_of_its_own_says_one_thing(earlier: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        f"dataset: {{source: {earlier[0]}, id: id, label: given, features: {{vector: vector}}}}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "labelworks.flows.cli.app", "run", "config.yaml", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    columns = json.dumps(["id", "vector", "label", "day"])[1:-1].replace('"', "")
    assert done.stderr == (
        f"labelworks: {earlier[0]}/rows.parquet: there is no column 'given' (for label)\n"
        f"  columns: {columns}\n"
    )
