"""Share of out-of-scope queries in a target window of clinc150, found against true.

    LABELWORKS_DATA=… python benchmarks/shift_openset.py EMBEDDINGS.npy 2

EMBEDDINGS.npy: (rows, D), one row for each of text/clinc150.parquet, in its order.
"""

from __future__ import annotations

import logging
import sys

import numpy as np
import pandas as pd
from shift_data import data
from sklearn.linear_model import LogisticRegression

from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.open_set.estimate import open_set

ROWS, FOLDS = 2000, 5


def scored(train: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a Gaussian probe, and the relative Mahalanobis distance as novelty (Ren 2021)."""
    means = np.stack([train[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    rest = train - means[labels]
    root = np.linalg.cholesky(np.linalg.inv(rest.T @ rest / len(rest) + 1e-4 * np.eye(train.shape[1])))
    points, centres, middle = rows @ root, means @ root, train.mean(axis=0) @ root
    apart = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    logits = -apart / 2
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    novelty = apart.min(axis=1) - ((points - middle) ** 2).sum(axis=1)
    return probs / probs.sum(axis=1, keepdims=True), novelty


def left_out(train: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Novelty of each row to a probe that has not seen its class: a stand-in for rows of unknown classes."""
    novelty = np.empty(len(labels))
    for fold in range(FOLDS):
        held = labels % FOLDS == fold
        codes = np.unique(labels[~held], return_inverse=True)[1]
        novelty[held] = scored(train[~held], codes, train[held])[1]
    return novelty


def by_reference(
    given: np.ndarray, target: np.ndarray, known: np.ndarray, outside: np.ndarray, novelty: np.ndarray
) -> float:
    """EM with a class of unknown rows, its likelihood by a detector trained on stand-ins (Ye 2025)."""
    detector = LogisticRegression(C=1e3).fit(
        np.concatenate([known, outside])[:, None] / known.std(), np.repeat([0, 1], len(known))
    )
    foreign = np.exp(detector.decision_function(novelty[:, None] / known.std()))
    source = np.bincount(given) / len(given)
    ratio = np.concatenate([target / source, foreign[:, None]], axis=1)
    return float(maximise(ratio, np.append(0.9 * source, 0.1)).weights[-1])


def main(path: str, repeats: int) -> None:
    frame = pd.read_parquet(data() / "text/clinc150.parquet")
    rows = np.load(path).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    foreign = (frame["intent"] == "oos").to_numpy()
    labels = np.unique(frame["intent"][~foreign], return_inverse=True)[1]
    order = np.random.default_rng(0).permutation(len(labels))
    source, pool = np.split(order, [len(order) // 2])
    known, given = rows[~foreign], labels[source]
    probs, novelty = np.empty((len(source), labels.max() + 1)), np.empty(len(source))
    for fold in range(FOLDS):
        held = np.arange(len(source)) % FOLDS == fold
        probs[held], novelty[held] = scored(known[source][~held], given[~held], known[source][held])
    target, outside = (scored(known[source], given, each) for each in (known[pool], rows[foreign]))
    stand_ins = left_out(known[source], given)
    rng, errors, others, held_by = np.random.default_rng(0), [], [], []
    for share in (0.0, 0.05, 0.1, 0.2, 0.3, 0.4):
        for _ in range(repeats):
            strange = rng.choice(len(outside[0]), int(share * ROWS), replace=False)
            usual = rng.choice(len(target[0]), ROWS - len(strange), replace=False)
            both = [
                np.concatenate([one[usual], two[strange]]) for one, two in zip(target, outside, strict=True)
            ]
            found = open_set(given, probs, both[0], novelty, both[1])
            other = by_reference(given, both[0], novelty, stand_ins, both[1])
            low, high = found.interval
            errors.append(abs(found.share - share))
            others.append(abs(other - share))
            held_by.append(low <= share <= high)
            print(f"| {share} | {found.share:.3f} | {low:.3f} to {high:.3f} | {other:.3f} |", flush=True)
    print(
        f"mean absolute error {np.mean(errors):.4f}, EM with left-out classes {np.mean(others):.4f};", end=" "
    )
    print(f"{sum(held_by)} of {len(held_by)} intervals hold the truth")


if __name__ == "__main__":
    logging.disable()
    main(sys.argv[1], int(sys.argv[2]))
