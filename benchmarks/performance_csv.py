"""Accuracy without labels, on tables that nothing was built on: error and coverage, by the reference's noise.

Run: OMP_NUM_THREADS=1 python benchmarks/performance_csv.py FILE … (CSV without header or ARFF, labels last)
A third of each table trains a model, a third is the reference, a tenth of whose labels may be wrong, a third
the window, as it comes or with its classes thinned out by chance. The peer is the model's mean confidence.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[1]))
import labelworks as lw
from benchmarks.noise_csv import print_table, table
from benchmarks.treat_small import wrong_labels

MOST, LEAST, FEWEST, RATE = 6000, 600, 5, 0.1  # rows of a table, its least, of a class, and wrong labels
NOISE = ("clean", "uniform", "near the border")
HEAD = ["model", "window", "labels", "tables", "MAE", "mean confidence's", "interval holds", "width"]


def thirds(path: Path, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Features, classes that are in the first two thirds, and the rows (3 of about N/3) of these."""
    features, codes = table(path)
    order = rng.permutation(len(codes))[:MOST]
    features, codes = features[order], codes[order]
    third, classes = len(codes) // 3, int(codes.max()) + 1
    rows = [np.arange(part * third, (part + 1) * third) for part in range(3)]
    counts = np.stack([np.bincount(codes[part], minlength=classes) for part in rows[:2]])
    known = counts.min(axis=0) >= FEWEST
    return features, (np.cumsum(known) - 1)[codes], [part[known[codes[part]]] for part in rows]


def measured(path: Path) -> Iterator[tuple[tuple[str, str, str], list[float]]]:
    """Of each model, window and noise: our error, the peer's, whether the interval holds, its width."""
    rng = np.random.default_rng(sum(map(ord, path.stem)))
    features, codes, (train, reference, window) = thirds(path, rng)
    classes = int(codes[train].max()) + 1
    if len(train) < LEAST // 3 or classes < 2:
        return
    thinned = window[rng.random(len(window)) < rng.random(classes)[codes[window]]]
    models: dict[str, ClassifierMixin] = {
        "logistic": LogisticRegression(max_iter=300),
        "forest": RandomForestClassifier(100, min_samples_leaf=2, random_state=0),
    }
    for name, model in models.items():
        probs = model.fit(features[train], codes[train]).predict_proba(features).astype(np.float32)
        for mix, rows in (("same", window), ("shifted", thinned)):
            true = (probs[rows].argmax(axis=1) == codes[rows]).mean()
            for noise in NOISE if len(rows) >= 60 else ():
                given, seen = codes[reference].astype(np.int32), None
                if noise != "clean":
                    given = wrong_labels(rng, features[reference], given, RATE, noise)
                    seen = lw.find_label_errors(given, features=features[reference])
                found = lw.estimate_performance(given, probs[reference], probs[rows], noise=seen)
                value, low, high = found.figures.loc["accuracy"]
                peer = probs[rows].max(axis=1).mean()
                yield (
                    (name, mix, noise),
                    [abs(value - true), abs(peer - true), low <= true <= high, high - low],
                )


def main() -> None:
    """Print a row a model, window and noise."""
    warnings.simplefilter("ignore")
    logging.disable()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    kinds: dict[tuple[str, str, str], list[list[float]]] = defaultdict(list)
    for path in parser.parse_args().files:
        for kind, figures in measured(path):
            kinds[kind].append(figures)
    print_table(HEAD, (line(kind, figures) for kind, figures in kinds.items()))


def line(kind: tuple[str, str, str], figures: list[list[float]]) -> list[str]:
    """A row of the table."""
    error, peer, held, width = np.mean(figures, axis=0)
    return [*kind, str(len(figures)), f"{error:.3f}", f"{peer:.3f}", f"{held:.2f}", f"{width:.3f}"]


if __name__ == "__main__":
    main()
