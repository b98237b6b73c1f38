"""An encoder of another package, with little memory, NaN in its vectors and one GPU that two runs want."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("prefect_api")]
pytest.importorskip("torch")
HELD = 5  # rows that fit into the memory of the plug-in's device
ABOUT = "Metadata-Version: 2.1\nName: brittle\nVersion: 1.0\n"
PLUGIN = """
import json, os, pathlib, time
import numpy as np, torch
from tasks.methods.encoders.device import DeviceEncoder, Prepared
from tasks.methods.encoders.values import read_texts
from tasks.methods.registry import register


@register("encoders", "brittle", needs=("text",), source="the tests")
class Brittle(DeviceEncoder):
    kind = "text"
    fit_rows = 1
    batch_rows = 64
    options = {"batch_size": 64, "precision": "float32", "compile": False, "log": "", "pause": 0.0, "meet": 1}

    def fit(self, values):  # before any GPU is asked for: the runs wait for each other
        log = pathlib.Path(self.chosen["log"])
        log.with_name(f"{os.getpid()}.ready").touch()
        while len(list(log.parent.glob("*.ready"))) < self.chosen["meet"]:
            time.sleep(0.05)
        return {}

    def open(self):
        self.told = open(self.chosen["log"], "a")

    def prepare(self, values):
        texts, reasons = read_texts(values)
        usable = np.flatnonzero([reason is None for reason in reasons])
        return Prepared([texts[row] for row in usable], np.ones(len(usable), int), usable, reasons)

    def blank(self):
        return "parcel"

    def run(self, items):
        began = time.time()
        time.sleep(self.chosen["pause"])
        self.tell(rows=len(items), began=began)
        if len(items) > 5:
            raise torch.OutOfMemoryError("no room")
        found = np.array([[len(text), "parcel" in text, "refund" in text] for text in items], np.float32)
        found[["broken" in text for text in items]] = np.nan
        return found

    def tell(self, **what):
        line = json.dumps(what | {"pid": os.getpid(), "ended": time.time(), "device": self.device})
        self.told.write(line + "\\n")
        self.told.flush()
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder as pip leaves it: the module of a package and the entry point that names its encoder."""
    folder = tmp_path / "site"
    (folder / "brittle-1.0.dist-info").mkdir(parents=True)
    (folder / "brittle.py").write_text(PLUGIN)
    (folder / "brittle-1.0.dist-info/METADATA").write_text(ABOUT)
    entry = "[labelworks.methods]\nencoders.brittle = brittle:Brittle\n"
    (folder / "brittle-1.0.dist-info/entry_points.txt").write_text(entry)
    return folder


@pytest.fixture
def started(plugin: Path, raw_config: Any, write: Any, tmp_path: Path) -> Iterator[Any]:
    """Starts `labelworks run` in a process of its own on a machine with one GPU, or so it is told."""
    running: list[subprocess.Popen[str]] = []

    def start(name: str, texts: list[str], **sections: Any) -> subprocess.Popen[str]:
        labels = ["a" if "parcel" in text else "b" for text in texts]
        rows = {"id": [f"{name}{n}" for n in range(len(texts))], "text": texts, "label": labels}
        options = {"log": str(tmp_path / "log"), **sections.pop("options", {})}
        config = raw_config(
            write(pa.table(rows), name=name, parts=4),
            dataset={"name": name, "features": {"text": "text", "vector": None}},
            encoder={"name": "brittle", "options": options},
            **sections,
        )
        (tmp_path / f"{name}.yaml").write_text(json.dumps(config))
        paths = os.pathsep.join([str(plugin), os.getcwd(), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "run", str(tmp_path / f"{name}.yaml"), "--json"],
            env=os.environ | {"PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": "0"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def told(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def test_memory_runs_out_and_rows_are_nan_and_the_run_ends_well(started: Any, tmp_path: Path) -> None:
    texts = [f"{'parcel' if n % 2 else 'refund'} {'x' * (n % 7)} {n}" for n in range(200)]
    texts[20], texts[150] = "broken parcel", "broken refund"
    gate = {"embed": {"thresholds": {"max_rejected": 0.02}}}
    run = started("brittle", texts, compute={"workers": 1, "gpu": "off"}, gates=gate)
    out, err = run.communicate(timeout=300)
    assert run.returncode in (0, 3), err
    assert "Traceback" not in err
    batches = [each["rows"] for each in told(tmp_path)]
    refused = [place for place, rows in enumerate(batches) if rows > HELD]
    assert 1 <= len(refused) <= 5
    assert max(batches[refused[-1] + 1 :]) <= HELD
    assert refused[-1] < len(batches) / 2
    (listed,) = (tmp_path / "store").rglob("embed/rejected.parquet")
    rows = pq.read_table(listed).to_pylist()
    assert {row["id"] for row in rows} == {"brittle20", "brittle150"}
    assert {row["reason"] for row in rows} == {"the encoder gave NaN or inf"}
    assert json.loads(out)["rows"] == 198


def test_two_runs_never_use_one_gpu_at_once(started: Any, tmp_path: Path) -> None:
    sections = {
        "compute": {"workers": 1, "gpu": "require"},
        "options": {"pause": 0.1, "batch_size": 4, "meet": 2},
    }
    texts = [f"{'parcel' if n % 2 else 'refund'} {n}" for n in range(200)]
    runs = [started(name, texts, **dict(sections)) for name in ("one", "two")]
    for run in runs:
        _, err = run.communicate(timeout=400)
        assert run.returncode in (0, 3), err
    used = sorted((each for each in told(tmp_path) if each["rows"] > 1), key=lambda each: each["began"])
    assert {each["device"] for each in used} == {"cuda"}
    assert len({each["pid"] for each in used}) == 2
    assert all(one["ended"] <= other["began"] + 1e-3 for one, other in pairwise(used))
    times = [
        [(each["began"], each["ended"]) for each in used if each["pid"] == pid]
        for pid in {each["pid"] for each in used}
    ]
    assert max(each[0][0] for each in times) < min(each[-1][1] for each in times), "no overlap of the runs"
