"""Regions of labels that no model foretells: found where planted, alarms where nothing is.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/unlearnable.py [--sets made digits] [--seeds 8]
Planted: the labels of so many rows nearest to a row of the commonest class are drawn by chance. made: 1,200
rows of four Gaussian classes in eight dimensions; digits and letter: 1,500 rows of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from shift_data import data

from labelworks.tasks.methods.poison.linear import linear_probs
from labelworks.tasks.methods.poison.unlearnable import unlearnable_regions

Drawn = tuple[np.ndarray, np.ndarray]
KINDS = ("clean", "20 % wrong", "40 % of a class wrong", "20 planted", "40 planted", "80 planted")


def made(rng: np.random.Generator) -> Drawn:
    """Four classes of unequal shares."""
    given = rng.choice(4, 1200, p=[0.4, 0.3, 0.2, 0.1])
    return (2 * rng.normal(size=(4, 8)))[given] + rng.normal(size=(1200, 8)), given


def digits(rng: np.random.Generator) -> Drawn:
    """Rows of scikit-learn's digits."""
    from sklearn.datasets import load_digits

    table = load_digits()
    kept = rng.permutation(len(table.target))[:1500]
    return table.data[kept].astype(float), table.target[kept]


def letter(rng: np.random.Generator) -> Drawn:
    """Rows of letter."""
    file = np.load(data() / "shift/letter.npz", allow_pickle=True)
    kept = rng.permutation(len(file["y"]))[:1500]
    return file["X"][kept].astype(float), np.unique(file["y"], return_inverse=True)[1][kept]


SETS: dict[str, Callable[[np.random.Generator], Drawn]] = {"made": made, "digits": digits, "letter": letter}


def changed(
    kind: str, features: np.ndarray, given: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Labels with what a kind does to them, and the rows that were planted."""
    classes, rows = int(given.max()) + 1, len(given)
    drawn, commonest = rng.integers(0, classes, rows), np.bincount(given).argmax()
    if kind == "20 % wrong":
        return np.where(rng.random(rows) < 0.2, drawn, given), np.zeros(0, int)
    if kind == "40 % of a class wrong":
        return np.where((rng.random(rows) < 0.4) & (given == commonest), drawn, given), np.zeros(0, int)
    if kind == "clean":
        return given, np.zeros(0, int)
    inside = np.flatnonzero(given == commonest)
    far = np.linalg.norm(features[inside] - features[rng.choice(inside)], axis=1)
    near = inside[np.argsort(far)[: int(kind.split()[0])]]
    found = given.copy()
    found[near] = drawn[near]
    return found, near


def main() -> None:
    """A row a set and kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    print("| set | labels | datasets with a region | of its rows, planted |\n|---|---|---|---|")
    for name in options.sets:
        for kind in KINDS:
            told, right = 0, []
            for seed in range(options.seeds):
                rng = np.random.default_rng(seed)
                features, clean = SETS[name](rng)
                given, near = changed(kind, features, clean, rng)
                folds = np.arange(len(given)) % 5
                probs = linear_probs(features, given, folds, int(clean.max()) + 1)
                regions = unlearnable_regions(features, given, probs, folds)
                told += bool(regions)
                if regions and len(near):
                    right.append(np.isin(np.concatenate([each.rows for each in regions]), near).mean())
            planted = f"{np.mean(right):.2f}" if right else "–"
            print(f"| {name} | {kind} | {told} of {options.seeds} | {planted} |", flush=True)


if __name__ == "__main__":
    main()
