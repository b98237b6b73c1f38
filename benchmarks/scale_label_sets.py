"""How a run of label sets grows: rows × 64 half-float vectors × 20 labels; seconds, memory of all processes.

    python benchmarks/scale_label_sets.py [--rows 250000 1000000 4000000] [--folder DIR]

Memory is what all processes of the run hold together, looked at three times a second. Linux.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

DIM, LABELS, FILE_ROWS, GROUP_ROWS, FLIPPED = 64, 20, 100_000, 50_000, 0.01
LOOK_SECONDS = 0.3
CONFIG = """
dataset:
  {{name: sets, source: {folder}/data, id: id, label: labels, task: multilabel, features: {{vector: vector}}}}
store: {{root: {folder}/store}}
compute: {{workers: 2, threads: 1}}
"""


def main() -> None:
    """Make each dataset, run it, and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000, 4_000_000])
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    print("rows, seconds, MiB of all processes, MiB of the largest, rows flagged")
    for rows in given.rows:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            make(Path(folder) / "data", rows)
            measure(Path(folder), rows)


def make(folder: Path, rows: int) -> None:
    """Write rows whose labels are signs of linear functions of the vector, with noise, some flipped."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((DIM, LABELS)).astype(np.float32)
    for number, start in enumerate(range(0, rows, FILE_ROWS)):
        size = min(FILE_ROWS, rows - start)
        vectors = rng.standard_normal((size, DIM), dtype=np.float32)
        noise = 0.3 * rng.standard_normal((size, LABELS), dtype=np.float32)
        has = ((vectors @ weights / 8 + noise) > 0.9) ^ (rng.random((size, LABELS)) < FLIPPED)
        ends = np.concatenate([[0], np.cumsum(has.sum(axis=1))]).astype(np.int32)
        labels = pa.ListArray.from_arrays(pa.array(ends), pa.array(np.nonzero(has)[1].astype(np.int32)))
        halves = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), DIM)
        ids = [f"r{start + row}" for row in range(size)]
        table = pa.table({"id": ids, "labels": labels, "vector": halves})
        pq.write_table(table, folder / f"part-{number:04d}.parquet", row_group_size=GROUP_ROWS)


def measure(folder: Path, rows: int) -> None:
    """Run the command on a dataset and print a line."""
    (folder / "run.yaml").write_text(CONFIG.format(folder=folder))
    command = [str(Path(sys.executable).parent / "labelworks"), "run", str(folder / "run.yaml"), "--json"]
    started = time.perf_counter()
    with (folder / "record.json").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        together, largest = watched(process)
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}")
    seconds = time.perf_counter() - started
    record: dict[str, Any] = json.loads((folder / "record.json").read_text())
    flagged = record["noise"]["flagged"]
    print(f"{rows:,}, {seconds:.1f}, {together >> 20:,}, {largest >> 20:,}, {flagged:,}", flush=True)


def watched(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """The most bytes that a process and its children hold together, and that one of them holds."""
    root, together, largest = psutil.Process(process.pid), 0, 0
    while process.poll() is None:
        held = [_held(member) for member in family(root)]
        together, largest = max(together, sum(held)), max(largest, *held, 0)
        time.sleep(LOOK_SECONDS)
    return together, largest


def family(root: psutil.Process) -> list[psutil.Process]:
    """A process and its children, theirs too."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return [root]


def _held(member: psutil.Process) -> int:
    try:
        return int(member.memory_info().rss)
    except psutil.Error:  # it has ended
        return 0


if __name__ == "__main__":
    main()
