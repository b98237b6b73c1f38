"""Coverage of the 95 % intervals of the prior over many shifts: source and target drawn afresh each time.

python benchmarks/shift_coverage.py 200 em-bcts elsa auto
python benchmarks/shift_coverage.py tiny 30 em-bcts elsa auto    # targets of 1 to 30 rows
"""

from __future__ import annotations

import logging
import sys

import numpy as np

from labelworks.tasks.methods.label_shift import estimate_prior

K, SOURCE, TARGET, CONCENTRATION = 8, 1500, 800, 2.0
TINY_ROWS, TINY_CLASSES, LABELLED = (1, 2, 5, 10, 30), (2, 3, 10), 60  # labelled rows a class
DISTANCES = (1.5, 3.0)  # of the classes: hard and easy to tell


def sample(
    rng: np.random.Generator, rows: int, prior: np.ndarray, distance: float = 2.2
) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian classes; probabilities of the right model at temperature 1/2 with a bias: to be calibrated."""
    K = len(prior)
    centres = distance * np.eye(K)
    labels = rng.choice(K, rows, p=prior)
    features = centres[labels] + rng.normal(size=(rows, K))
    logits = 2 * (features @ centres.T) + np.linspace(0, 1, K)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, probs / probs.sum(axis=1, keepdims=True)


def main(shifts: int, methods: list[str]) -> None:
    hits: dict[str, list[float]] = {method: [] for method in methods}
    widths: dict[str, list[float]] = {method: [] for method in methods}
    for seed in range(shifts):
        rng = np.random.default_rng(seed)
        labels, probs = sample(rng, SOURCE, np.full(K, 1 / K))
        prior = rng.dirichlet(np.full(K, CONCENTRATION))
        _, target = sample(rng, TARGET, prior)
        for method in methods:
            interval = estimate_prior(labels, probs, target, method=method).interval
            hits[method].append(float(np.mean((interval[:, 0] <= prior) & (prior <= interval[:, 1]))))
            widths[method].append(float(np.diff(interval).mean()))
    print(f"{shifts} shifts, K = {K}, source {SOURCE}, target {TARGET}, Dirichlet {CONCENTRATION}")
    for method in methods:
        print(f"| {method} | {np.mean(hits[method]):.3f} | {np.mean(widths[method]):.4f} |", flush=True)


def tiny(shifts: int, methods: list[str]) -> None:
    """Coverage and width by rows of the target, over priors drawn at random, of one class, and nearly so."""
    print(f"{shifts} shifts of each prior, K = {TINY_CLASSES}, {LABELLED} labelled rows a class")
    for method in methods:
        cells = []
        for rows in TINY_ROWS:
            held, widths = zip(
                *(
                    one(method, seed, K, rows, at)
                    for K in TINY_CLASSES
                    for at in DISTANCES
                    for seed in range(shifts)
                ),
                strict=True,
            )
            cells.append(f"{np.mean(held):.3f} ({np.mean(widths):.2f})")
        print(f"| {method} | {' | '.join(cells)} |", flush=True)


def one(method: str, seed: int, K: int, rows: int, distance: float) -> tuple[float, float]:
    """Share of the intervals that hold the truth, and their mean width, over three priors."""
    rng, held, widths = np.random.default_rng(seed), [], []
    labels, probs = sample(rng, LABELLED * K, np.full(K, 1 / K), distance)
    nearly = np.where(np.arange(K) == 0, 0.85, 0.15 / (K - 1))
    for prior in (rng.dirichlet(np.ones(K)), np.eye(K)[0], nearly):
        _, target = sample(rng, rows, prior, distance)
        low, high = estimate_prior(labels, probs, target, method=method).interval.T
        held.append(np.mean((low <= prior + 1e-12) & (prior <= high + 1e-12)))
        widths.append(np.mean(high - low))
    return float(np.mean(held)), float(np.mean(widths))


if __name__ == "__main__":
    logging.disable()
    if sys.argv[1] == "tiny":
        tiny(int(sys.argv[2]), sys.argv[3:])
    else:
        main(int(sys.argv[1]), sys.argv[2:])
