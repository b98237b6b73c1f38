"""A served pipeline under load: a soak of small changes, the receiver under fire, a large listing.

    python benchmarks/live.py soak --changes 300
    python benchmarks/live.py receiver --seconds 20     # needs wrk: apt-get install wrk
    python benchmarks/live.py listing --objects 100000

`labelworks serve` runs in processes of its own on loopback, on a dataset made here; figures are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from labelworks.infra.processes.foreign import started

TOKEN = secrets.token_hex(16)
ROLES = {
    "server": "labelworks.infra.prefect_server.server",
    "receiver": "labelworks.infra.events.http_receiver",
    "watcher": "labelworks.infra.events.source_watcher",
    "runner": "labelworks.flows.served.runner",
}


class Live:
    """`labelworks serve` on a folder of small parquet files."""

    def __init__(self, folder: Path, *, poll: str = "500ms", debounce: str = "200ms") -> None:
        self.folder = folder
        (folder / "data").mkdir()
        self.rng = np.random.default_rng(0)
        for number in range(4):
            self.write(f"base-{number}", 100)
        (folder / "c.yaml").write_text(
            yaml.safe_dump(
                {
                    "dataset": {
                        "name": "soak", "source": f"{folder}/data", "id": "id", "label": "label",
                        "features": {"vector": "vector"},
                    },
                    "store": {"root": f"{folder}/store"},
                    "compute": {"workers": 1},
                    "reprocess": {"poll": poll, "debounce": debounce},
                }
            )
        )  # fmt: skip

    def write(self, name: str, rows: int) -> None:
        codes = self.rng.integers(0, 3, rows)
        vectors = (np.eye(3, 8)[codes] * 6 + self.rng.normal(size=(rows, 8))).astype(np.float32)
        table = pa.table(
            {
                "id": [f"{name}-{row}" for row in range(rows)],
                "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
                "label": [f"class-{code}" for code in codes],
            }
        )
        pq.write_table(table, self.folder / f".{name}")
        (self.folder / f".{name}").rename(self.folder / f"data/{name}.parquet")

    def __enter__(self) -> Live:
        command = [sys.executable, "-m", "labelworks.flows.cli.app", "serve", str(self.folder / "c.yaml")]
        options = ["--port", "0", "--listen", "127.0.0.1:0", "--state", str(self.folder / "state")]
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [*command, *options], env={**os.environ, "LABELWORKS_EVENTS_TOKEN": TOKEN}, stderr=said
            )
        while not self.versions():
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    @property
    def events(self) -> str:
        """Where events are received."""
        told = re.search(r"events: POST (\S+),", (self.folder / "said").read_text())
        if told is None:
            raise RuntimeError("no receiver")
        return told[1]

    def versions(self) -> int:
        return len(list((self.folder / "store/soak/versions").glob("*.json")))

    def member(self, role: str) -> psutil.Process:
        for child in psutil.Process(self.process.pid).children():
            if ROLES[role] in child.cmdline():
                return child
        raise RuntimeError(f"no {role}")

    def sizes(self) -> dict[str, dict[str, float]]:
        found = {}
        for role in ROLES:
            process = self.member(role)
            found[role] = {
                "MiB": process.memory_info().rss / 2**20,
                "threads": process.num_threads(),
                "files": process.num_fds(),
            }
        return found


def soak(changes: int) -> None:
    """One small change after another, each as soon as the version with the last one is there."""
    with tempfile.TemporaryDirectory() as folder, Live(Path(folder)) as live:
        took, samples = [], [live.sizes()]
        marks = {round(share * changes) for share in (0.1, 0.25, 0.5, 0.75, 1.0)}
        for number in range(1, changes + 1):
            before, began = live.versions(), time.monotonic()
            live.write(f"change-{number % 10}", 20 + number % 5)  # ten objects, changed again and again
            while live.versions() == before:
                time.sleep(0.02)
            took.append(time.monotonic() - began)
            if number in marks:
                samples.append(live.sizes())
                print(f"after {number} changes: {json.dumps(round_all(samples[-1]))}", flush=True)
        print(f"{changes} changes, {live.versions() - 1} versions after the first")
        print(f"put to published: median {statistics.median(took):.2f} s, longest {max(took):.2f} s")
        for role in ROLES:
            early, late = samples[1][role], samples[-1][role]
            memory = f"{early['MiB']:.1f} → {late['MiB']:.1f} MiB ({late['MiB'] / early['MiB'] - 1:+.1%})"
            counts = [f"{name} {early[name]:.0f} → {late[name]:.0f}" for name in ("threads", "files")]
            print(f"{role}: {', '.join([memory, *counts])}")


def round_all(sizes: dict[str, dict[str, float]]) -> Any:
    return {role: {name: round(value, 1) for name, value in size.items()} for role, size in sizes.items()}


SCRIPT = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer TOKEN"
wrk.body = '{"dataset": "soak", "changed": ["data/change-1.parquet"]}'
done = function(summary)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  print(string.format("RESULT %d %d %f", summary.requests, bad, summary.duration / 1e6))
end
"""


def fire(folder: Path, url: str, seconds: float) -> tuple[int, int, float]:
    """Post events with wrk as fast as the answers come: answers, those that were no 2xx or none, seconds."""
    (folder / "post.lua").write_text(SCRIPT.replace("TOKEN", TOKEN))
    command = ["wrk", "-t1", "-c16", f"-d{seconds:.0f}s", "-s", str(folder / "post.lua"), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    answers, bad, took = next(line for line in said.splitlines() if line.startswith("RESULT")).split()[1:]
    return int(answers), int(bad), float(took)


def receiver(seconds: float) -> None:
    """The receiver under fire: what it accepted is in its queue; what is wrong gets a 4xx."""
    import sqlite3

    with tempfile.TemporaryDirectory() as folder, Live(Path(folder)) as live:
        url = live.events
        before = live.sizes()["receiver"]
        answers, bad, took = fire(live.folder, url, seconds)
        with sqlite3.connect(live.folder / "state/events.db") as base:
            query = 'SELECT count(*) FROM events WHERE body LIKE \'%"cause":"post"%\''
            (kept,) = base.execute(query).fetchone()
        accepted = (answers - bad) / took
        print(f"{answers} answers, {bad} refused: {accepted:.0f} events/s accepted; {kept} kept")
        print(f"receiver: {before} → {live.sizes()['receiver']}")
        good = {"authorization": f"Bearer {TOKEN}"}
        for what, content, headers in (
            ("oversized", b" " * (2 << 20), good),
            ("forged", b'{"dataset": "soak"}', {"authorization": "Bearer forged"}),
            ("no JSON", b"{", good),
            ("unknown dataset", b'{"dataset": "other"}', good),
        ):
            print(f"{what}: {httpx.post(url, content=content, headers=headers).status_code}")


def listing(objects: int) -> None:
    """Seconds to list so many objects: a local folder, and an S3 server (moto, in a process of its own)."""
    import fsspec

    from labelworks.tasks.sources.changes import list_marks

    with tempfile.TemporaryDirectory() as folder:
        for number in range(objects):
            (Path(folder) / f"{number:06}.parquet").touch()
        print(f"local: {objects} objects in {clock(lambda: list_marks(folder, 'auto', {})):.2f} s")
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with started(lambda port: [*command, str(port)], **silent) as port:
        options = {"endpoint_url": f"http://127.0.0.1:{port}"}
        fs = fsspec.filesystem("s3", **options)
        fs.mkdir("many")
        fs.pipe({f"many/d/{number:06}.parquet": b"" for number in range(objects)})
        process = psutil.Process()
        before, began = process.memory_info().rss, process.cpu_times().user
        took = clock(lambda: list_marks("s3://many/d/", "auto", options))
        spent, more = process.cpu_times().user - began, process.memory_info().rss - before
        print(f"s3: {objects} objects in {took:.2f} s, {spent:.2f} s of own CPU, {more / 2**20:.0f} MiB more")


def clock(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["soak", "receiver", "listing"])
    parser.add_argument("--changes", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--objects", type=int, default=100_000)
    given = parser.parse_args()
    {
        "soak": lambda: soak(given.changes),
        "receiver": lambda: receiver(given.seconds),
        "listing": lambda: listing(given.objects),
    }[given.what]()
