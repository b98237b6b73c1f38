"""Rows of several labels of which one is known: all labels found, beside probes on all labels.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python -m benchmarks.treat_one_of_several [seeds]
Rows are made of one to three questions of banking77, each of another intent, and of digits lying over one
another. The truth is for making the labels and for the score alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from labelworks.flows.notebook.inputs.out_of_sample import row_folds
from labelworks.tasks.methods.multilabel.probabilities import class_probabilities
from labelworks.tasks.methods.treatment.imprecise.core.one_of_several import infer_sets

ROWS, MANY = 3000, [0.3, 0.45, 0.25]  # P(a row has 1, 2, 3 labels)


def sets(data: Path, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, features (N, D) and labels (N, K)."""
    table = pq.read_table(data / "text/banking77.parquet").to_pandas()
    table = table[table["category"].isin(rng.choice(table["category"].unique(), 20, replace=False))]
    _, codes = np.unique(table["category"], return_inverse=True)
    texts = table["text"].to_numpy()
    drawn = [_drawn(codes, rng) for _ in range(ROWS)]
    words = TfidfVectorizer(sublinear_tf=True).fit_transform([" ".join(texts[rows]) for rows in drawn])
    features = TruncatedSVD(128, random_state=0).fit_transform(words).astype(np.float32)
    yield "banking77", features, _labels(codes, drawn)
    pixels, codes = load_digits(return_X_y=True)
    drawn = [_drawn(codes, rng) for _ in range(ROWS)]
    yield (
        "digits",
        np.stack([pixels[rows].sum(axis=0) for rows in drawn]).astype(np.float32),
        _labels(codes, drawn),
    )


def _drawn(codes: np.ndarray, rng: np.random.Generator) -> list[int]:
    chosen = rng.choice(codes.max() + 1, rng.choice(3, p=MANY) + 1, replace=False)
    return [int(rng.choice(np.flatnonzero(codes == each))) for each in chosen]


def _labels(codes: np.ndarray, drawn: list[list[int]]) -> np.ndarray:
    labels = np.zeros((len(drawn), codes.max() + 1), bool)
    for row, rows in enumerate(drawn):
        labels[row, codes[rows]] = True
    return labels


def f1(found: np.ndarray, true: np.ndarray) -> float:
    """Over all cells."""
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


def main() -> None:
    """Print a table: by set, F1 of the given labels alone, of what is inferred, of probes on all labels."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found: dict[str, list[tuple[float, ...]]] = {}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        for name, features, true in sets(Path(os.environ["LABELWORKS_DATA"]), rng):
            picked = np.array([rng.choice(np.flatnonzero(row)) for row in true])
            marks, folds = np.eye(true.shape[1])[picked], row_folds(len(true))
            seen = infer_sets(sparse.csr_array(marks), features, folds).posterior
            whole = class_probabilities(sparse.csr_array(true.astype(float)), features, folds, alone=True)
            line = (f1(marks > 0, true), f1(seen > 0.5, true), f1(whole > 0.5, true))
            line += (float(seen.sum(axis=1).mean()), float(true.sum(axis=1).mean()))
            found.setdefault(name, []).append(line)
            print(seed, name, np.round(line, 4), flush=True)
    print("| set | one label alone | inferred | probes on all labels | labels a row, inferred | true |")
    print("|---|---|---|---|---|---|")
    for name, lines in found.items():
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in np.mean(lines, axis=0)) + " |")


if __name__ == "__main__":
    main()
