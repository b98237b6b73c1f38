"""Whole commands in processes of their own: the doctor's findings, and `init` over an object store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.config.load import load_config

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def labelworks(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labelworks.flows.cli.app", *arguments],
        cwd=folder,
        env={**os.environ, **KEYS, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_doctor_prints_one_object_and_exits_by_it(tmp_path: Path) -> None:
    done = labelworks(tmp_path, "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    assert found["ok"] == all(check["status"] != "fail" for check in found["checks"])
    assert {"python", "pin of fastapi", "pin of sqlalchemy", "module", "great_expectations", "store"} <= {
        check["check"] for check in found["checks"]
    }
    assert list(tmp_path.iterdir()) == []


def test_doctor_fails_for_a_store_that_cannot_be_reached(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "config.yaml").write_text(
        "dataset: {source: data, label: l, features: {text: t}}\nstore: {root: file/store}\n"
    )
    done = labelworks(tmp_path, "doctor", "config.yaml", "--json")
    assert done.returncode == 1
    failed = [check for check in json.loads(done.stdout)["checks"] if check["status"] == "fail"]
    assert [check["check"] for check in failed] == ["store"]


def test_init_looks_into_a_bucket(tmp_path: Path, moto: str) -> None:
    options = {"key": "test", "secret": "test", "endpoint_url": moto, "skip_instance_cache": True}
    bucket = fsspec.filesystem("s3", **options)
    bucket.mkdir("digits")
    rows = [[float(row), 1.0] for row in range(40)]
    with bucket.open("digits/train/a.parquet", "wb") as file:
        pq.write_table(pa.table({"embedding": rows, "digit": [row % 4 for row in range(40)]}), file)
    done = labelworks(tmp_path, "init", "s3://digits/train/", AWS_ENDPOINT_URL=moto)
    assert done.returncode == 0, done.stderr
    config = load_config(tmp_path / "labelworks.yaml")
    assert config.dataset.source == "s3://digits/train/"
    assert (config.dataset.features.vector, config.dataset.label) == ("embedding", "digit")
    done = labelworks(tmp_path, "init", "s3://no-such-bucket/", "--out", "b.yaml", AWS_ENDPOINT_URL=moto)
    assert done.returncode == 2
    assert done.stderr.startswith("labelworks: s3://no-such-bucket/")
    assert "Traceback" not in done.stderr


def test_a_run_prints_one_message_for_input_that_cannot_be_used(tmp_path: Path) -> None:
    rows = [[float(row), 1.0] for row in range(40)]
    pq.write_table(pa.table({"embedding": rows, "label": ["a"] * 40}), tmp_path / "data.parquet")
    (tmp_path / "config.yaml").write_text(
        "dataset: {source: data.parquet, label: label, features: {vector: embedding}}\nstore: {root: store}\n"
    )
    done = labelworks(tmp_path, "run", "config.yaml", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    message, fix = done.stderr.splitlines()
    assert message.startswith(
        f"labelworks: {tmp_path}/data.parquet, column 'label': every row has the label 'a'"
    )
    assert fix == "  check dataset.label"
    assert not list(tmp_path.glob("store/**/*.parquet"))
