"""Pseudo-labels of target windows: how many rows, how often right, beside the likeliest class over .9.

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/shift_pseudo.py EMBEDDINGS SEEDS [SET …]

EMBEDDINGS: a folder with banking77.npy and clinc150.npy, a row for each of text/*.parquet in its order. Label
shift at Dirichlet priors, a fifth of the labels flipped at random, and a seventh of the target of no known
class: clinc150's out-of-scope queries, elsewhere a class left out of the labelled rows. `made`: Gaussians.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from shift_data import data
from sklearn.datasets import load_digits

from labelworks.flows.notebook.inputs.out_of_sample import fitted_probes, row_folds
from labelworks.flows.notebook.label_errors import find_label_errors
from labelworks.flows.notebook.pseudo_labels import pseudo_labels

PRECISION, UNKNOWN, STRANGE = 0.95, -1, 0.15
ROWS = {
    "made": (1000, 1500), "digits": (500, 600), "letter": (1500, 2000), "banking77": (2000, 2500),
    "clinc150": (3000, 2500),
}  # fmt: skip
CLASSES, WIDTH, MODES = 15, 12, 2  # of made rows
SETTINGS = {  # Dirichlet's parameter (0: the same mix), flipped labels, unknown rows
    "same mix": (0.0, 0.0, 0.0),
    "label shift": (1.0, 0.0, 0.0),
    "heavy shift": (0.5, 0.0, 0.0),
    "shift, 20 % flipped": (1.0, 0.2, 0.0),
    "shift, 15 % unknown": (1.0, 0.0, STRANGE),
}


@dataclass(frozen=True)
class Windows:
    """Rows and given labels of the source, rows and true labels of the target (UNKNOWN: of no class)."""

    source: np.ndarray
    given: np.ndarray
    target: np.ndarray
    true: np.ndarray


def read(name: str, embeddings: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Features, labels, and features of rows of no class, where the set has any."""
    if name == "made":
        return made()
    if name == "digits":
        digits = load_digits()
        return digits.data.astype(np.float32), digits.target, None
    if name == "letter":
        file = np.load(data() / "shift/letter.npz", allow_pickle=True)
        rows = file["X"].astype(np.float32)
        return (
            (rows - rows.mean(axis=0)) / rows.std(axis=0),
            np.unique(file["y"], return_inverse=True)[1],
            None,
        )
    frame, rows = pd.read_parquet(data() / f"text/{name}.parquet"), np.load(embeddings / f"{name}.npy")
    said = frame["category" if "category" in frame else "intent"].to_numpy()
    known = said != "oos"
    labels = np.unique(said[known], return_inverse=True)[1]
    return rows[known].astype(np.float32), labels, None if known.all() else rows[~known].astype(np.float32)


def made() -> tuple[np.ndarray, np.ndarray, None]:
    """Classes of two Gaussians each, some of which overlap."""
    rng = np.random.default_rng(len(ROWS))
    labels, mode = rng.integers(0, CLASSES, 6000), rng.integers(0, MODES, 6000)
    centres = 1.3 * rng.normal(size=(CLASSES, MODES, WIDTH))
    return (centres[labels, mode] + rng.normal(size=(6000, WIDTH))).astype(np.float32), labels, None


def drawn(name: str, embeddings: Path, setting: tuple[float, float, float], seed: int) -> Windows:
    """Both windows of a setting."""
    alpha, noise, strange = setting
    rng, (rows, labels, outside) = np.random.default_rng(seed), read(name, embeddings)
    if strange and outside is None:
        out = labels == rng.integers(labels.max() + 1)
        outside, rows = rows[out], rows[~out]
        labels = np.unique(labels[~out], return_inverse=True)[1]
    classes, (few, many) = labels.max() + 1, ROWS[name]
    source, pool = np.split(rng.permutation(len(labels)), [few])
    prior = rng.dirichlet(np.full(classes, alpha)) if alpha else np.bincount(labels) / len(labels)
    chance = prior[labels[pool]] / np.bincount(labels[pool], minlength=classes)[labels[pool]]
    size = min(many, 2 * len(pool) // 3)
    target = rng.choice(pool, size, replace=False, p=chance / chance.sum())
    flipped = rng.random(few) < noise
    given = np.where(flipped, (labels[source] + rng.integers(1, classes, few)) % classes, labels[source])
    found, true = rows[target], labels[target]
    if strange and outside is not None:
        some = rng.choice(len(outside), min(int(strange * size), len(outside)), replace=False)
        found, true = np.concatenate([found, outside[some]]), np.append(true, np.full(len(some), UNKNOWN))
    return Windows(rows[source], given, found, true)


def scored(labels: np.ndarray, claims: np.ndarray, true: np.ndarray) -> list[float]:
    """Share labelled, right of these, claimed of these; recall by class, and classes never given."""
    taken = labels >= 0
    recalls = [(labels[true == k] == k).mean() for k in np.unique(true[true >= 0])]
    if not taken.any():
        return [0.0, np.nan, np.nan, 0.0, 1.0]
    right = (labels[taken] == true[taken]).mean()
    return [taken.mean(), right, claims[taken].mean(), np.mean(recalls), np.mean(np.array(recalls) == 0)]


def run(windows: Windows) -> dict[str, list[float]]:
    """What each way gives; probes and neighbours are the run's own."""
    classes = list(range(int(windows.given.max()) + 1))
    probes = fitted_probes(windows.source, windows.given, len(classes))
    probs = np.exp(probes.log_probs(windows.target, row_folds(len(windows.target))))
    noise = find_label_errors(windows.given, features=windows.source, classes=classes)
    ours = pseudo_labels(
        windows.given, windows.source, windows.target, precision=PRECISION, classes=classes, noise=noise
    )
    sure = np.where(probs.max(axis=1) > 0.9, probs.argmax(axis=1), -1)
    labels = np.array([-1 if label is None else label for label in ours.labels])
    return {
        f"pseudo-labels ({ours.kind})": scored(labels, ours.claim, windows.true),
        "argmax over .9": scored(sure, probs.max(axis=1), windows.true),
    }


def main(embeddings: str, seeds: str, *names: str) -> None:
    print(
        "| set | setting | seed | way | labelled | right | claimed | recall by class | classes never given |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in names or ROWS:
        for said, setting in SETTINGS.items():
            for seed in range(int(seeds)):
                for way, told in run(drawn(name, Path(embeddings), setting, seed)).items():
                    shown = " | ".join(f"{value:.3f}" for value in told)
                    print(f"| {name} | {said} | {seed} | {way} | {shown} |", flush=True)


if __name__ == "__main__":
    logging.disable()
    main(*sys.argv[1:])
