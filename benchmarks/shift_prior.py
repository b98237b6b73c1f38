"""Prior of a target window, ours and the peers on the same windows: mean absolute error × 1e-4.

LABELWORKS_DATA=… PEERS_PYTHON=… python benchmarks/shift_prior.py letter 20 [METHOD …]

With methods named, ours and the peers', only these run: more repeats in the same time.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from shift_data import draw, shifted, window

from labelworks.tasks.methods.label_shift import estimate_prior

OURS = ("auto", "em-bcts", "em-vector", "elsa")
ALL = ("none", "dirichlet-0.1", "dirichlet-1", "dirichlet-10", "tweak-0.01", "tweak-0.9", "knockout")
CASES = {
    "letter": (2000, ALL),
    "banking77": (4000, ("none", "dirichlet-0.1", "dirichlet-1", "tweak-0.9")),
    "clinc150": (7000, ("none", "dirichlet-0.1", "dirichlet-1")),
    "mnist": (2000, ALL), "cifar10": (2000, ALL), "20news": (2000, ALL), "imdb": (2000, ALL[:4]),
}  # fmt: skip


def main(name: str, repeats: int, methods: list[str]) -> None:
    found, (rows, kinds) = window(name), CASES[name]
    rng = np.random.default_rng(0)
    base = np.bincount(found["pool_labels"], minlength=found["probs"].shape[1]) / len(found["pool"])
    drawn = [draw(found, shifted(kind, rng, base), rows, rng) for kind in kinds for _ in range(repeats)]
    truth = np.array([prior for _, prior in drawn])
    ours = [each for each in OURS if not methods or each in methods]
    table = {**_ours(found, drawn, ours), **of_peers(found, drawn, len(base) < 30, methods)}
    print(
        f"\n{name}: K = {len(base)}, source {len(found['labels'])}, target {rows}, {repeats} repeats, seed 0"
    )
    print("| method | " + " | ".join(kinds) + " | mean | CPU s |\n|---|" + "---|" * (len(kinds) + 2))
    errors = {
        method: 1e4 * np.abs(priors - truth).mean(axis=1).reshape(len(kinds), repeats)
        for method, (priors, _) in table.items()
    }
    for method in sorted(errors, key=lambda each: errors[each].mean()):
        cells = " | ".join(f"{each.mean():.1f}" for each in errors[method])
        print(f"| {method} | {cells} | {errors[method].mean():.1f} | {table[method][1]:.2f} |")
    if repeats > 1 and "**auto**" in errors:
        _paired(errors)


def _paired(errors):
    """`auto` against each of the others, % of its error, ± standard error: the same windows for both."""
    mine = errors["**auto**"]
    for method in sorted(errors.keys() - {"**auto**"}, key=lambda each: errors[each].mean()):
        share = 100 / errors[method].mean(axis=1)
        apart = share[:, None] * (mine - errors[method])
        chance = apart.std(axis=1, ddof=1) / np.sqrt(apart.shape[1])
        cells = " | ".join(
            f"{each:+.0f} ± {error:.0f}" for each, error in zip(apart.mean(axis=1), chance, strict=True)
        )
        print(f"| auto against {method}, % | {cells} |")


def _ours(found, drawn, methods):
    table = {}
    for method in methods:
        began = time.process_time()
        made = [
            estimate_prior(found["labels"], found["probs"], probs, method=method).prior for probs, _ in drawn
        ]
        table[f"**{method}**"] = np.array(made), (time.process_time() - began) / len(drawn)
    return table


def of_peers(found, drawn, kernels: bool, methods):
    """Priors of each window and seconds, by the name of the peer; needs PEERS_PYTHON."""
    if "PEERS_PYTHON" not in os.environ:
        print("PEERS_PYTHON is not set: no peers in this run")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "source.npz", labels=found["labels"], probs=found["probs"])
        for i, (probs, _) in enumerate(drawn):
            np.savez(Path(folder) / f"target-{i:05d}.npz", probs=probs)
        here = Path(__file__).with_name("shift_peers.py")
        command = [os.environ["PEERS_PYTHON"], str(here), folder, "kernels" if kernels else "plain", *methods]
        subprocess.run(command, check=True)
        made = json.loads((Path(folder) / "peers.json").read_text())
    return {
        name: (np.array(value["priors"]), value["seconds"])
        for name, value in made.items()
        if "priors" in value
    }


if __name__ == "__main__":
    logging.disable()
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
