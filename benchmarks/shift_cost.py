"""Cost of a prior at scale, on disk, one thread: CPU seconds, MB over the base, L1 of the prior.

    OMP_NUM_THREADS=1 PEERS_PYTHON=… python benchmarks/shift_cost.py [ROWS K]

The peers load both windows, in at most 10 GB. `floor`: the L1 that is left when the density which
made the rows is known, so that nothing has to be learnt from the source.
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

SIZES = ((1_000_000, 100), (100_000, 1000), (5_000_000, 10), (5_000_000, 100))
PART = 50_000
PEERS = ("quapy EMQ-BCTS", "abstention EM+BCTS", "abstention RLLS")


def write(folder: Path, rows: int, K: int) -> None:
    """A classifier of temperature 1/2, classes confused in pairs; the target's prior is a Dirichlet."""
    rng = np.random.default_rng(0)
    priors = {"source": np.full(K, 1 / K), "target": rng.dirichlet(np.full(K, 2.0))}
    for name, prior in priors.items():
        part = max(PART * 100 // K, 1) // 10
        with (folder / f"{name}.f32").open("wb") as probs, (folder / f"{name}.i8").open("wb") as labels:
            for start in range(0, rows, part):
                true = rng.choice(K, min(part, rows - start), p=prior)
                logits = 1.5 * rng.standard_normal((len(true), K), dtype=np.float32)
                logits[np.arange(len(true)), true] += 8.0
                logits[np.arange(len(true)), true ^ 1 if K % 2 == 0 else true] += 3.0
                logits *= 0.5
                np.exp(logits, out=logits)
                logits /= logits.sum(axis=1, keepdims=True)
                logits.tofile(probs)
                true.astype(np.int64).tofile(labels)


def parts(folder: Path, name: str, K: int):
    rows = max(PART * 100 // K, 1)
    with (folder / f"{name}.f32").open("rb") as probs, (folder / f"{name}.i8").open("rb") as labels:
        while len(part := np.fromfile(probs, np.float32, rows * K)):
            yield np.fromfile(labels, np.int64, rows), part.reshape(-1, K)


def one(folder: Path, K: int) -> None:
    from labelworks.tasks.methods.label_shift.streaming import estimate_prior_over

    base, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = estimate_prior_over(
        lambda: parts(folder, "source", K), lambda: (probs for _, probs in parts(folder, "target", K))
    )
    seconds = time.process_time() - began
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    truth = np.bincount(np.fromfile(folder / "target.i8", np.int64), minlength=K)
    wrong = np.abs(found.prior - truth / truth.sum()).sum()
    least = floor(folder, K, truth / truth.sum())
    print(f"| auto | {seconds:.1f} | {used:.0f} | {wrong:.4f} | floor {least:.4f} |", flush=True)


def floor(folder: Path, K: int, truth: np.ndarray, steps: int = 3) -> float:
    """L1 of EM on the density that made the rows, started from the truth."""
    shares, other = truth.copy(), np.arange(K) ^ 1 if K % 2 == 0 else np.arange(K)
    for _ in range(steps):
        total = np.zeros(K)
        for _, probs in parts(folder, "target", K):
            logits = 2 * np.log(np.maximum(probs, 1e-37))
            density = (8 * logits + 3 * logits[:, other]) / 1.5**2
            density = np.exp(density - density.max(axis=1, keepdims=True)) * shares.astype(np.float32)
            total += (density / density.sum(axis=1, keepdims=True)).sum(axis=0, dtype=np.float64)
        shares = total / total.sum()
    return float(np.abs(shares - truth).sum())


def main() -> None:
    for rows, K in SIZES if len(sys.argv) == 1 else (tuple(int(each) for each in sys.argv[1:3]),):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), rows, K)
            print(f"{rows} × {K}\n| method | CPU s | MB | L1 | |\n|---|---|---|---|---|", flush=True)
            subprocess.run([sys.executable, __file__, "one", folder, str(K)], check=True)
            if "PEERS_PYTHON" in os.environ:
                script = Path(__file__).with_name("shift_cost_peers.py")
                for name in PEERS:
                    subprocess.run(
                        [os.environ["PEERS_PYTHON"], str(script), folder, str(K), name], check=True
                    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
