"""Time and memory of label-noise detection on a million rows on disk, one thread, beside cleanlab.

Run: OMP_NUM_THREADS=1 python benchmarks/noise_speed.py [--rows 1000000] [--classes 10 100 1000]
Each method runs in a process of its own; CPU seconds without imports, peak memory with them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

METHODS = ("cleanlab", "confident-learning", "noise-transition", "auto")
SEED = 0


def write(folder: Path, rows: int, classes: int) -> None:
    """Probabilities of a good model and labels with a tenth flipped, written in blocks."""
    rng = np.random.default_rng(SEED)
    true = rng.integers(0, classes, rows)
    flipped = (true + rng.integers(1, classes, rows)) % classes
    np.save(folder / "labels.npy", np.where(rng.random(rows) < 0.1, flipped, true))
    probs = np.lib.format.open_memmap(folder / "probs.npy", "w+", np.float32, (rows, classes))
    for start in range(0, rows, 20_000):
        block = rng.normal(size=(min(20_000, rows - start), classes)).astype(np.float32)
        block[np.arange(len(block)), true[start : start + len(block)]] += 3 + np.log(classes)
        np.exp(block, out=block)
        probs[start : start + len(block)] = block / block.sum(axis=1, keepdims=True)
    probs.flush()


def measure(method: str, folder: Path) -> dict[str, float]:
    """Run one method in this process."""
    if method == "cleanlab":
        from cleanlab.filter import find_label_issues

        def run(labels: np.ndarray, probs: np.ndarray) -> np.ndarray:
            return find_label_issues(labels, probs, n_jobs=1)

    else:
        from labelworks.tasks.methods.noise import detect

        def run(labels: np.ndarray, probs: np.ndarray) -> np.ndarray:
            return detect(labels, probs, method=method).flag

    labels = np.load(folder / "labels.npy")
    probs = np.load(folder / "probs.npy", mmap_mode="r")
    run(labels[:2000], np.array(probs[:2000]))  # imports what is imported on first use
    start = time.process_time()
    flag = run(labels, probs)
    seconds = time.process_time() - start
    status = Path("/proc/self/status").read_text()  # getrusage would count what the parent held
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return {"seconds": seconds, "peak_mb": peak, "flagged": int(flag.sum())}


def main() -> None:
    """Print the table, each method `repeats` times, the fastest kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the files go (4 GB at 1000 classes)")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], Path(options.one[1]))))
        return
    print(f"| rows × classes | {' | '.join(options.methods)} |\n|---{'|---' * len(options.methods)}|")
    for classes in options.classes:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            write(Path(folder), options.rows, classes)
            cells = [_cell(method, folder, options.repeats) for method in options.methods]
        print(f"| {options.rows:,} × {classes} | {' | '.join(cells)} |", flush=True)


def _cell(method: str, folder: str, repeats: int) -> str:
    runs = []
    for _ in range(repeats):
        command = [sys.executable, __file__, "--one", method, folder]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    best = min(runs, key=lambda run: run["seconds"])
    return f"{best['seconds']:.2f} s, {best['peak_mb']:.0f} MB"


if __name__ == "__main__":
    main()
