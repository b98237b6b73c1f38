"""Density smoothing of numbers (LDS, Yang 2021): does a model gain where labels are rare, what does it lose?

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_density.py [ROWS] [SEEDS]

Weights by one over the smoothed density of the labels, by its root, and by the same of at most 5 times the
mean. Scored on held-out rows: mean absolute error over all of them, and over the tenth whose labels are rare,
both as a share of that without weights.
"""

from __future__ import annotations

import sys

import numpy as np
from treat_numbers import boosting, ridge, sets

BINS, WIDTH = 100, 2.0  # of the histogram, and of the kernel in bins
MOST = 5.0


def smoothed(labels: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Density (m,) of labels (n,) at others, by a histogram with a Gaussian kernel over it."""
    edges = np.linspace(labels.min(), labels.max(), BINS + 1)
    steps = np.arange(-8, 9)
    kernel = np.exp(-0.5 * (steps / WIDTH) ** 2)
    counts = np.convolve(np.histogram(labels, edges)[0], kernel / kernel.sum(), mode="same")
    return np.maximum(counts[np.clip(np.searchsorted(edges, at) - 1, 0, BINS - 1)], 1e-3 * counts.max())


def weights(labels: np.ndarray) -> dict[str, np.ndarray | None]:
    """Of each attempt, of mean 1."""
    density = smoothed(labels, labels)
    tried = {"inverse": 1 / density, "root": 1 / np.sqrt(density)}
    tried["inverse, at most 5"] = np.minimum(tried["inverse"] / tried["inverse"].mean(), MOST)
    return {"none": None, **{name: weight / weight.mean() for name, weight in tried.items()}}


def main(rows: int, seeds: int) -> None:
    """Print a line a set, model and way."""
    print("| set | seed | model | weights | error, all | error, rare tenth |\n|---|---|---|---|---|---|")
    for seed in range(seeds):
        for title, features, numbers in sets(seed, rows):
            order = np.random.default_rng(seed).permutation(len(numbers))
            train, test = order[: 3 * len(order) // 4], order[3 * len(order) // 4 :]
            given, truth = numbers[train], numbers[test]
            sparse = smoothed(given, truth)
            rare = sparse <= np.quantile(sparse, 0.1)
            for name, fit in (("ridge", ridge), ("boosting", boosting)):
                alone = None
                for way, weight in weights(given).items():
                    predicted = fit(features[train], given, weight)(features[test])
                    wrong = np.abs(predicted - truth)
                    scores = np.array([wrong.mean(), wrong[rare].mean()])
                    alone = scores if alone is None else alone
                    shown = " | ".join(f"{score:.3f}" for score in scores / alone)
                    print(f"| {title} | {seed} | {name} | {way} | {shown} |", flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in (sys.argv[1:] + ["2000", "2"][len(sys.argv) - 1 :])))
