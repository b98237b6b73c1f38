"""Drift tests: power, false alarms and cost, ours and the peers' on the same windows.

    LABELWORKS_DATA=… ALIBI_PYTHON=… python benchmarks/shift_drift.py power EMBEDDINGS.npy 100
    LABELWORKS_DATA=… python benchmarks/shift_drift.py alarms EMBEDDINGS.npy 1000 [TEST …]
    python benchmarks/shift_drift.py cost
    python benchmarks/shift_drift.py stream 5000000

EMBEDDINGS.npy: (rows, D), one row for each of text/clinc150.parquet, in its order. `power` and `cost` run
those peers whose environment is named: ALIBI_PYTHON, EVIDENTLY_PYTHON, NANNYML_PYTHON.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from shift_data import data

from labelworks.tasks.methods.drift import test

KINDS = ("none", "class 5 to 10 %", "2 classes gone", "10 % corrupt", "mean moved", "5 % duplicated")
METHODS = ("auto", "ks", "mmd", "classifier", "frechet")
PEERS = {
    "ALIBI_PYTHON": ("alibi MMD", "alibi KS", "alibi C2ST"),
    "EVIDENTLY_PYTHON": ("evidently",),
    "NANNYML_PYTHON": ("NannyML KS",),  # of which only the cost: it learns its thresholds from many windows
}
SCRIPT = str(Path(__file__).with_name("shift_drift_peers.py"))


def embedded(path: str) -> tuple[np.ndarray, np.ndarray]:
    """20 classes of clinc150: embeddings in their first 128 principal axes, labels."""
    frame = pd.read_parquet(data() / "text/clinc150.parquet")
    kept = frame["intent"].isin(sorted(set(frame["intent"]) - {"oos"})[:20]).to_numpy()
    rows = np.load(path)[kept]
    rows = rows - rows.mean(axis=0)
    axes = np.linalg.svd(rows, full_matrices=False)[2][:128]
    return (rows @ axes.T).astype(np.float32), np.unique(frame["intent"][kept], return_inverse=True)[1]


def windows(rows, labels, kind: str, rng, n: int = 300, m: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """A reference and a current window without common rows, the second drifted."""
    order = rng.permutation(len(rows))
    reference, rest = rows[order[:n]], order[n:]
    if kind == "class 5 to 10 %":
        chance = np.where(labels[rest] == rng.integers(20), 0.1 / 0.05, 0.9 / 0.95)
        return reference, rows[rng.choice(rest, m, replace=False, p=chance / chance.sum())]
    if kind == "2 classes gone":
        rest = rest[~np.isin(labels[rest], rng.choice(20, 2, replace=False))]
    current = rows[rest[:m]].copy()
    some = rng.choice(m, m // 10, replace=False)
    if kind == "10 % corrupt":
        current[some] += rng.normal(size=(len(some), rows.shape[1])) * rows.std(axis=0)
    if kind == "mean moved":
        current += 0.25 * rows.std(axis=0) * rng.choice([-1, 1], rows.shape[1])
    if kind == "5 % duplicated":
        current[some[: m // 20]] = current[some[0]]
    return reference, current.astype(np.float32)


def power(path: str, repeats: int) -> None:
    """Share of windows in which each test sees the drift."""
    rows, labels = embedded(path)
    print("| test | " + " | ".join(KINDS) + " |\n|---|" + "---|" * len(KINDS))
    rng = np.random.default_rng(0)
    drawn = {kind: [windows(rows, labels, kind, rng) for _ in range(repeats)] for kind in KINDS}
    for method in METHODS:
        shares = [np.mean([test(*pair, method=method).drifted for pair in drawn[kind]]) for kind in KINDS]
        print(f"| **{method}** | " + " | ".join(f"{share:.2f}" for share in shares) + " |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for i, kind in enumerate(KINDS):
            np.save(Path(folder) / f"{i}.npy", np.array(drawn[kind]))
        for python, names in PEERS.items():
            if python in os.environ and python != "NANNYML_PYTHON":
                command = [os.environ[python], SCRIPT, "power", folder, str(len(KINDS)), *names]
                subprocess.run(command, check=True)


def alarms(path: str, repeats: int, methods: tuple[str, ...] = METHODS) -> None:
    """Share of alarms without drift, n = m and n ≠ m."""
    from sklearn.datasets import load_digits

    adult = pd.read_parquet(data() / "shift/adult.parquet").select_dtypes("number").to_numpy(np.float32)
    letter = np.load(data() / "shift/letter.npz", allow_pickle=True)["X"].astype(np.float32)
    sets = {"digits": load_digits().data, "adult": adult, "letter": letter, "embeddings": embedded(path)[0]}
    print(
        f"| test, {repeats} repeats | "
        + " | ".join(f"{name} {n}" for name in sets for n in ("=", "≠"))
        + " |"
    )
    for method in methods:
        shares = []
        for rows in sets.values():
            for n, m in ((100, 100), (60, 180)):
                rng = np.random.default_rng(0)
                hits = []
                for _ in range(repeats):
                    order = rng.choice(len(rows), n + m, replace=False)
                    hits.append(test(rows[order[:n]], rows[order[n:]], method=method).drifted)
                shares.append(np.mean(hits))
        print(f"| {method} | " + " | ".join(f"{share:.3f}" for share in shares) + " |", flush=True)


def cost() -> None:
    """CPU seconds and peak memory over the windows themselves, each test in a process of its own."""
    for rows in (10_000, 100_000):
        for method in METHODS:
            subprocess.run([sys.executable, __file__, "one", str(rows), method], check=True)
        for python, names in PEERS.items():
            for name in names if python in os.environ else ():
                subprocess.run([os.environ[python], SCRIPT, "cost", str(rows), name], check=True)


def one(rows: int, method: str) -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.standard_normal((rows, 384), dtype=np.float32) for _ in range(2))
    test(first[:50], second[:50], method=method)
    base, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    test(first, second, method=method)
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    print(f"| {method} | {rows} × 384 | {time.process_time() - began:.2f} s | {used:.0f} MB |", flush=True)


def stream(rows: int, piece: int = 50_000) -> None:
    """CPU seconds of each test over two windows that come in pieces; the memory of all of them."""
    from labelworks.tasks.methods.drift.frame import DriftParts, Frame
    from labelworks.tasks.methods.drift.streaming import STATISTICS

    rng = np.random.default_rng(0)
    some = [rng.standard_normal((piece, 384), dtype=np.float32) for _ in range(2)]
    frame = Frame.of(*some)
    tests = {name: DriftParts(frame, STATISTICS[name], name) for name in METHODS}
    spent, base = dict.fromkeys(tests, 0.0), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for add in (DriftParts.add_reference, DriftParts.add_current):
        for _ in range(rows // piece):
            part = rng.standard_normal((piece, 384), dtype=np.float32)
            for method, parts in tests.items():
                began = time.process_time()
                add(parts, part)
                spent[method] += time.process_time() - began
    for method, parts in tests.items():
        began = time.process_time()
        found = parts.finish()
        seconds = spent[method] + time.process_time() - began
        print(f"| {method} | {seconds:.1f} s | p {found.p_value:.3f} | effect {found.effect:.4f} |")
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    print(f"{rows} x 384 in each window; all {len(tests)} together {used:.0f} MB over two pieces", flush=True)


if __name__ == "__main__":
    command, rest = sys.argv[1], sys.argv[2:]
    if command == "cost":
        cost()
    elif command == "stream":
        stream(int(rest[0]))
    elif command == "one":
        one(int(rest[0]), rest[1])
    elif command == "alarms":
        alarms(rest[0], int(rest[1]), tuple(rest[2:]) or METHODS)
    else:
        power(rest[0], int(rest[1]))
