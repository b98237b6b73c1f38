"""Prior under label noise in the source: with the noise transition, and without it as every peer works.

    LABELWORKS_DATA=… PEERS_PYTHON=… python benchmarks/shift_noise.py 3

With PEERS_PYTHON the peers of shift_prior.py see the same rows in the same run.
"""

from __future__ import annotations

import logging
import sys

import numpy as np
from shift_data import draw, probed, shifted
from shift_prior import of_peers

from labelworks.tasks.methods.label_shift import estimate_prior

METHODS = ("em-bcts", "elsa", "kdey", "pacc")


def noisy(kind: str, rate: float, K: int) -> np.ndarray:
    """Noise transition: pair sends the rate to the next class, uniform to all the others."""
    other = np.roll(np.eye(K), 1, axis=1) if kind == "pair" else (1 - np.eye(K)) / (K - 1)
    return (1 - rate) * np.eye(K) + rate * other


def main(repeats: int) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    print(
        "| digits, 898 noisy rows, target 400; noise known / ignored | " + " | ".join(METHODS) + " | peers |"
    )
    for kind in ("pair", "uniform"):
        for rate in (0.1, 0.2, 0.3, 0.4):
            aware, blind, peers = one(digits.data / 16, digits.target, noisy(kind, rate, 10), repeats)
            ours = " | ".join(f"{knows:.0f} / {not_:.0f}" for knows, not_ in zip(aware, blind, strict=True))
            theirs = ", ".join(f"{name} {peers[name]:.0f}" for name in sorted(peers, key=peers.__getitem__))
            ratio = aware.min() / min(*blind, *peers.values())
            print(f"| {kind} {rate} | {ours} | {theirs} | best / best ignoring {ratio:.2f} |", flush=True)


def one(features, labels, T, repeats):
    """Mean absolute errors × 1e-4 with the transition and without, by method; those of the peers, by name."""
    errors, peers = np.zeros((2, len(METHODS))), {}
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        given = np.array([rng.choice(len(T), p=T[label]) for label in labels])
        found = probed(features, given, 0.3)
        order = np.random.default_rng(0).permutation(len(labels))
        found["pool_labels"] = labels[order[len(order) // 2 :]]
        target, truth = draw(found, shifted("dirichlet-1", rng, np.full(10, 0.1)), 400, rng)
        for i, transition in enumerate((T, None)):
            for j, method in enumerate(METHODS):
                estimate = estimate_prior(
                    found["labels"], found["probs"], target, method=method, noise_transition=transition
                )
                errors[i, j] += 1e4 * np.abs(estimate.prior - truth).mean() / repeats
        for name, (priors, _) in of_peers(found, [(target, truth)], True, []).items():
            peers[name] = peers.get(name, 0.0) + 1e4 * np.abs(priors[0] - truth).mean() / repeats
    return *errors, peers


if __name__ == "__main__":
    logging.disable()
    main(int(sys.argv[1]))
