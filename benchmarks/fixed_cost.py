"""What a small run costs before any row is worked on: CPU seconds of all its processes, by part.

    python benchmarks/fixed_cost.py [--rows 1000] [--repeats 3] [--set compute.workers=2 …]

Classes lie apart: labels by chance would be refused. Linux: processes are looked up in /proc.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LOOK_SECONDS = 0.05
TICKS = os.sysconf("SC_CLK_TCK")
PARTS = {
    "labelworks.infra.prefect_server.server": "Prefect API",
    "multiprocessing": "workers",
}  # by what is in a command line
CONFIG = """
dataset: {{name: small, source: {folder}/rows.parquet, id: id, label: label, features: {{vector: vector}}}}
store: {{root: {folder}/store-{number}}}
"""


def write(path: Path, rows: int) -> None:
    """Rows of four classes in eight dimensions, a tenth with a wrong label."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, rows)
    given = np.where(rng.random(rows) < 0.1, rng.integers(0, 4, rows), true)
    vectors = (4 * np.eye(4, 8)[true] + rng.normal(size=(rows, 8))).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8)
    ids = [str(row) for row in range(rows)]
    pq.write_table(
        pa.table({"id": ids, "label": [f"class {each}" for each in given], "vector": column}), path
    )


def measured(command: list[str]) -> dict[str, float]:
    """Run a command; CPU seconds of its processes by part, all as the system counts them, and the time."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen: dict[int, tuple[str, float]] = {}
    while True:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        seen |= tree(process.pid, seen)
        time.sleep(LOOK_SECONDS)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the run ended with {code}")
    found = dict.fromkeys(("run", *PARTS.values()), 0.0)
    for part, seconds in seen.values():
        found[part] += seconds
    return {**found, "all": used.ru_utime + used.ru_stime, "time": time.perf_counter() - started}


def tree(root: int, known: dict[int, tuple[str, float]]) -> dict[int, tuple[str, float]]:
    """Part and CPU seconds so far of a process and of those that it started."""
    parents, seconds = {}, {}
    for name in filter(str.isdecimal, (each.name for each in Path("/proc").iterdir())):
        try:
            fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(name)], seconds[int(name)] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    inside = {root}
    while more := {each for each, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return {each: (part_of(each, known), seconds[each]) for each in inside if each in seconds}


def part_of(process: int, known: dict[int, tuple[str, float]]) -> str:
    """Which part of a run a process is, by its command line."""
    try:
        line = Path("/proc", str(process), "cmdline").read_text()
    except OSError:
        line = ""
    found = next((part for word, part in PARTS.items() if word in line), "run")
    return found if line else known.get(process, (found, 0.0))[0]


def main() -> None:
    """Print a line for each run, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    options = [word for each in asked.set for word in ("--set", each)]
    found = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder / "rows.parquet", asked.rows)
        for number in range(asked.repeats):
            config = folder / "config.yaml"
            config.write_text(CONFIG.format(folder=folder, number=number))
            found.append(
                measured([sys.executable, "-m", "labelworks.flows.cli.app", "run", str(config), *options])
            )
            print(told(found[-1]), flush=True)
    print("median:", told({name: statistics.median(each[name] for each in found) for name in found[0]}))


def told(each: dict[str, float]) -> str:
    """One line: CPU seconds of each part, then the time on the clock."""
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in each.items() if name != "time")
    return f"CPU s: {parts}; {each['time']:.1f} s"


if __name__ == "__main__":
    main()
