"""Encoders of another package: of recordings; with little memory, NaN among its vectors, one GPU for two."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")
pytest.importorskip("torch")
HELD = 5  # rows that fit into the memory of the plug-in's device
ABOUT = "Metadata-Version: 2.1\nName: brittle\nVersion: 1.0\n"
PLUGIN = """
import json, os, pathlib, time
import numpy as np, torch
from labelworks.tasks.methods.encoders.device import DeviceEncoder, Prepared
from labelworks.tasks.methods.encoders.values import read_texts
from labelworks.tasks.methods.registry import register


@register("encoders", "brittle", modality=("text",), source="the tests")
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

    def lacks(self, device):  # numpy runs anywhere
        return ""

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
        here = {"pid": os.getpid(), "ended": time.time(), "device": self.device, "workers": self.workers}
        self.told.write(json.dumps(what | here) + "\\n")
        self.told.flush()
"""

SPECTRUM = """
import io, wave
import numpy as np
from labelworks.tasks.methods.encoders.base import Encoded, Encoder
from labelworks.tasks.methods.encoders.values import image_bytes
from labelworks.tasks.methods.registry import register


@register("encoders", "spectrum", modality=("audio",), source="the tests")
class Spectrum(Encoder):
    kind = "audio"
    options = {"bands": 16}

    def encode(self, values):
        found = [self.bands(data) for data in image_bytes(values)]
        reasons = [each if isinstance(each, str) else None for each in found]
        vectors = [np.zeros(self.chosen["bands"]) if why else each for each, why in zip(found, reasons)]
        return Encoded(np.array(vectors, np.float32), reasons)

    def bands(self, data):
        try:
            with wave.open(io.BytesIO(data)) as opened:
                sound = np.frombuffer(opened.readframes(opened.getnframes()), np.int16) / 2**15
        except (wave.Error, EOFError) as error:
            return f"undecodable recording: {error}"
        power = np.square(np.abs(np.fft.rfft(sound)))[1:]
        parts = np.array_split(power, np.geomspace(1, len(power), self.chosen["bands"] + 1)[1:-1].astype(int))
        return np.log1p([part.sum() for part in parts])
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder as pip leaves it: the modules of a package and the entry points that name its encoders."""
    folder = tmp_path / "site"
    (folder / "brittle-1.0.dist-info").mkdir(parents=True)
    (folder / "brittle.py").write_text(PLUGIN)
    (folder / "brittle-1.0.dist-info/METADATA").write_text(ABOUT)
    (folder / "spectrum.py").write_text(SPECTRUM)
    entry = (
        "[labelworks.methods]\nencoders.brittle = brittle:Brittle\nencoders.spectrum = spectrum:Spectrum\n"
    )
    (folder / "brittle-1.0.dist-info/entry_points.txt").write_text(entry)
    return folder


@pytest.fixture
def started(plugin: Path, raw_config: Any, write: Any, tmp_path: Path) -> Iterator[Any]:
    """Starts `labelworks run` in a process of its own on a machine with one GPU, or so it is told."""
    running: list[subprocess.Popen[str]] = []

    def start(name: str, rows: pa.Table, kind: str, encoder: Any, **sections: Any) -> subprocess.Popen[str]:
        dataset = {"name": name, "features": {"vector": None, kind: kind}}
        config = raw_config(write(rows, name=name, parts=4), dataset=dataset, encoder=encoder, **sections)
        (tmp_path / f"{name}.yaml").write_text(json.dumps(config))
        paths = os.pathsep.join([str(plugin), os.getcwd(), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            [sys.executable, "-m", "labelworks.flows.cli.app", "run", f"{tmp_path}/{name}.yaml", "--json"],
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


@pytest.fixture
def two_gpus(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """One machine with a CPU worker and two workers that each declare a GPU of their own."""
    from labelworks.infra.cluster.cluster import machine
    from labelworks.schemas.config.run import ComputeConfig

    monkeypatch.syspath_prepend(plugin)  # which the workers take over
    with machine(ComputeConfig(workers=1, memory="2GB"), ["0", "1"]) as cluster:
        cluster.wait_for_workers(3)
        yield cluster.scheduler_address


@pytest.fixture
def dask_cluster() -> Iterator[str]:
    """Address of a scheduler with two workers of its own: what is added here, no other test may meet."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=40
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def gpu_worker(plugin: Path, dask_cluster: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of somebody else's, beside those of CPUs: it declares a GPU, and nobody restarts it."""
    from distributed import Client

    paths = os.pathsep.join([str(plugin), os.getcwd(), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "distributed.cli.dask_worker", dask_cluster, "--no-nanny"]
    options = ["--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--resources", "GPU=1"]
    worker = subprocess.Popen(
        [*command, *options], env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.DEVNULL
    )
    with Client(dask_cluster) as client:
        client.wait_for_workers(3, timeout=120)
    yield worker
    worker.kill()
    worker.wait()


def encoders_loaded() -> tuple[int, str]:
    """How many encoders this worker has opened, and the GPU that it sees."""
    from labelworks.tasks.embed.encoder_spec import open_encoder

    return open_encoder.cache_info().misses, os.environ["CUDA_VISIBLE_DEVICES"]


def brittle(tmp_path: Path, **options: Any) -> dict[str, Any]:
    return {"name": "brittle", "options": {"log": str(tmp_path / "log"), **options}}


def labelled(name: str, texts: list[str]) -> pa.Table:
    labels = ["a" if "parcel" in text else "b" for text in texts]
    return pa.table({"id": [f"{name}{n}" for n in range(len(texts))], "text": texts, "label": labels})


def told(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def test_memory_runs_out_and_rows_are_nan_and_the_run_ends_well(started: Any, tmp_path: Path) -> None:
    texts = [f"{'parcel' if n % 2 else 'refund'} {'x' * (n % 7)} {n}" for n in range(200)]
    texts[20], texts[150] = "broken parcel", "broken refund"
    texts[31], texts[33], texts[164] = texts[1], texts[1], texts[160]  # of the same file each
    gate = {"embed": {"thresholds": {"max_rejected": 0.02}}}
    compute = {"workers": 1, "gpu": "off"}
    run = started(
        "brittle", labelled("brittle", texts), "text", brittle(tmp_path), compute=compute, gates=gate
    )
    out, err = run.communicate(timeout=300)
    assert run.returncode in (0, 3), err
    assert "Traceback" not in err
    batches = [each["rows"] for each in told(tmp_path)]
    refused = [place for place, rows in enumerate(batches) if rows > HELD]
    assert 1 <= len(refused) <= 5
    assert max(batches[refused[-1] + 1 :]) <= HELD
    assert refused[-1] < len(batches) / 2
    (listed,) = (tmp_path / "store").rglob("embed/rejected.parquet")
    assert (
        sum(rows for rows in batches if rows <= HELD) == len(set(texts)) + 1
    )  # and the one it is tried with
    rows = pq.read_table(listed).to_pylist()
    assert {row["id"] for row in rows} == {"brittle20", "brittle150"}
    assert {row["reason"] for row in rows} == {"the encoder gave NaN or inf"}
    assert json.loads(out)["rows"] == 198


def recording(hertz: float, rng: np.random.Generator) -> bytes:
    sink = io.BytesIO()
    seconds = np.arange(800) / 8000
    sound = np.sin(2 * np.pi * hertz * seconds + rng.uniform(0, 6)) + rng.normal(0, 0.1, 800)
    with wave.open(sink, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(8000)
        opened.writeframes((sound * 8000).astype(np.int16).tobytes())
    return sink.getvalue()


def test_recordings_go_through_the_encoder_of_a_package(started: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = np.arange(300) % 3
    sounds = [recording([300, 900, 2500][code] * rng.uniform(0.8, 1.2), rng) for code in true]
    sounds[7] = sounds[7][:20]
    wrong = rng.random(300) < 0.1
    given = [["low", "middle", "high"][code] for code in np.where(wrong, (true + 1) % 3, true)]
    rows = pa.table({"id": [f"r{n:03d}" for n in range(300)], "audio": sounds, "label": given})
    gate = {"embed": {"thresholds": {"max_rejected": 0.01}}}
    off = {"workers": 1, "gpu": "off"}
    run = started("heard", rows, "audio", {"name": "spectrum"}, compute=off, gates=gate)
    out, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    assert json.loads(out)["rows"] == 299
    (listed,) = (tmp_path / "store").rglob("embed/rejected.parquet")
    (rejected,) = pq.read_table(listed).to_pylist()
    assert rejected["id"] == "r007"
    assert rejected["reason"].startswith("undecodable recording: ")
    parts = [pq.read_table(part) for part in (tmp_path / "store").rglob("publish/*.parquet")]
    found = {row["id"]: row["action"] for part in parts for row in part.to_pylist()}
    doubted = np.array([found.get(f"r{n:03d}", "keep") != "keep" for n in range(300)])
    assert doubted[wrong].mean() > 0.9
    assert doubted[~wrong].mean() < 0.05


def test_two_runs_never_use_one_gpu_at_once(started: Any, tmp_path: Path) -> None:
    compute = {"workers": 1, "gpu": "require"}
    encoder = brittle(tmp_path, pause=0.1, batch_size=4, meet=2)
    texts = [f"{'parcel' if n % 2 else 'refund'} {n}" for n in range(200)]
    runs = [started(name, labelled(name, texts), "text", encoder, compute=compute) for name in ("one", "two")]
    for run in runs:
        _, err = run.communicate(timeout=400)
        assert run.returncode in (0, 3), err
    used = sorted((each for each in told(tmp_path) if each["rows"] > 1), key=lambda each: each["began"])
    assert {each["device"] for each in used} == {"cuda"}
    assert len({each["pid"] for each in used}) == 2
    others = [(one, other) for one, other in combinations(used, 2) if one["pid"] != other["pid"]]
    assert all(one["ended"] <= other["began"] + 1e-3 for one, other in others)
    ready = [each.stat().st_mtime for each in tmp_path.glob("*.ready")]
    assert len(ready) == 2
    assert max(ready) < used[0]["began"], "one began before the other was there"


def test_embed_tasks_go_to_the_workers_with_a_gpu_and_to_no_other(
    started: Any, two_gpus: str, tmp_path: Path
) -> None:
    from distributed import Client
    from prefect.client.orchestration import get_client

    texts = [f"{'parcel' if n % 2 else 'refund'} {n}" for n in range(200)]
    compute = {"scheduler": two_gpus, "gpu": "require"}
    run = started(
        "routed",
        labelled("routed", texts),
        "text",
        brittle(tmp_path, pause=0.3, batch_size=4),
        compute=compute,
    )
    _, err = run.communicate(timeout=300)
    assert run.returncode in (0, 3), err
    assert "embedding on 2 GPU workers" in err
    with Client(two_gpus) as client:
        opened = {visible: count for count, visible in client.run(encoders_loaded).values()}
    assert opened == {"": 0, "0": 1, "1": 1}
    assert {(each["device"], each["workers"]) for each in told(tmp_path) if each["rows"] > 1} == {("cuda", 2)}
    with get_client(sync_client=True) as client:
        limits = client.read_global_concurrency_limits(100, 0)
    host = f"labelworks-gpu-{socket.gethostname()}-"
    held = {limit.name.removeprefix(host): limit for limit in limits if limit.name.startswith(host)}
    assert {"0", "1"} <= set(held)
    assert all((each.limit, each.active_slots) == (1, 0) for each in held.values())


def test_a_run_whose_last_gpu_worker_is_gone_ends_and_says_so(
    started: Any, gpu_worker: Any, dask_cluster: str, tmp_path: Path
) -> None:
    texts = [f"{'parcel' if n % 2 else 'refund'} {n}" for n in range(200)]
    compute = {"scheduler": dask_cluster, "wait": 1}
    run = started(
        "left", labelled("left", texts), "text", brittle(tmp_path, pause=1.0, batch_size=4), compute=compute
    )
    wait_for(lambda: run.poll() is not None or ((tmp_path / "log").exists() and len(told(tmp_path)) >= 3))
    assert run.poll() is None, run.communicate()
    gpu_worker.kill()
    _, err = run.communicate(timeout=200)
    assert run.returncode == 2, err
    assert "compute.gpu: no worker with a GPU is left, for 1 s now" in err
    assert "Traceback" not in err
