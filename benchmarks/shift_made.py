"""Prior of a target window on made sets: `auto`, what it averages, and the peers, by kind of shift.

[PEERS_PYTHON=…] python benchmarks/shift_made.py 4 [SET …]

Rare classes, forests whose probabilities are exact zeros, classes nobody can tell apart, 2 to 100 classes.
Mean absolute error × 1e-4; share: what a candidate counts in `auto`.
"""

from __future__ import annotations

import logging
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from shift_data import draw, shifted
from shift_prior import of_peers

from labelworks.tasks.methods.label_shift.auto import Averaged, average
from labelworks.tasks.methods.label_shift.inputs import check

TRAIN, SOURCE, POOL, TARGET = 2000, 2500, 8000, 1000  # rows
LEAST = 10  # labelled rows of the rarest class
KINDS = ("none", "dirichlet-0.1", "dirichlet-1", "tweak-0.5", "tweak-0.9", "knockout")


@dataclass(frozen=True)
class Made:
    """A made set: classes, how unequal they are, how far apart, which are pairs, and the classifier."""

    classes: int
    skew: float  # the largest class's rows over the rarest's, about
    apart: float  # of the centres, in standard deviations
    twins: float  # share of the classes that lie close to another
    classifier: str


SETS = {
    "forest-2": Made(2, 30, 1.2, 0, "forest"),
    "forest-5": Made(5, 40, 1.6, 0, "forest"),
    "forest-14": Made(14, 60, 1.6, 0.3, "forest"),
    "forest-14-blurred": Made(14, 60, 0.8, 0.3, "forest"),
    "forest-14-faint": Made(14, 60, 0.4, 0.3, "forest"),
    "forest-40": Made(40, 15, 2.5, 0.2, "forest"),
    "forest-100": Made(100, 4, 3.5, 0.2, "forest"),
    "tree-8": Made(8, 40, 2.0, 0, "tree"),
    "neighbours-12": Made(12, 40, 1.8, 0.3, "neighbours"),
    "logistic-3": Made(3, 40, 1.5, 0, "logistic"),
    "logistic-10-twins": Made(10, 30, 2.0, 0.6, "logistic"),
    "logistic-20": Made(20, 30, 1.8, 0, "logistic"),
    "bayes-14": Made(14, 60, 1.6, 0.3, "bayes"),
    "boosted-6": Made(6, 40, 1.5, 0.3, "boosted"),
    "logistic-60": Made(60, 8, 3.0, 0.3, "logistic"),
}


def made(name: str) -> dict[str, np.ndarray]:
    """labels (N,), probs (N, K) of held-out labelled rows; pool_labels (M,), pool (M, K) of others."""
    what, rng = SETS[name], np.random.default_rng(zlib.crc32(name.encode()))
    K = what.classes
    prior = np.geomspace(what.skew, 1, K)
    prior = np.maximum(prior / prior.sum(), LEAST / SOURCE)
    centres = what.apart * rng.normal(size=(K, 8)) / np.sqrt(2)
    for k in rng.choice(np.arange(1, K), int(what.twins * K), replace=False):
        centres[k] = centres[k - 1] + 0.25 * rng.normal(size=8) / np.sqrt(2)
    spread = rng.uniform(0.7, 1.3, (K, 8))

    def rows(labels: np.ndarray) -> np.ndarray:
        noise = rng.standard_t(5, size=(len(labels), 8))
        return centres[labels] + spread[labels] * noise

    trained, labels, pool = (_labels(rng, prior / prior.sum(), n) for n in (TRAIN, SOURCE, POOL))
    features = rows(trained)
    probe = _classifier(what.classifier).fit(features, trained)
    return {
        "labels": labels, "probs": probe.predict_proba(rows(labels)).astype(np.float32),
        "pool_labels": pool, "pool": probe.predict_proba(rows(pool)).astype(np.float32),
    }  # fmt: skip


def _labels(rng: np.random.Generator, prior: np.ndarray, rows: int) -> np.ndarray:
    """As many of each class as the prior says, so that every class is there."""
    counts = np.maximum(np.round(prior * rows).astype(int), LEAST)
    return rng.permutation(np.repeat(np.arange(len(prior)), counts))


def _classifier(kind: str):
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.tree import DecisionTreeClassifier

    known: dict[str, Callable] = {
        "forest": lambda: RandomForestClassifier(30, random_state=0),
        "tree": lambda: DecisionTreeClassifier(min_samples_leaf=3, random_state=0),
        "neighbours": lambda: KNeighborsClassifier(7),
        "logistic": lambda: LogisticRegression(max_iter=1000),
        "bayes": GaussianNB,
        "boosted": lambda: HistGradientBoostingClassifier(max_iter=40, random_state=0),
    }
    return known[kind]()


def main(repeats: int, names: list[str]) -> None:
    total = 0
    for name in names or SETS:
        found, rng = made(name), np.random.default_rng(0)
        base = np.bincount(found["pool_labels"], minlength=SETS[name].classes) / len(found["pool"])
        drawn = [draw(found, shifted(kind, rng, base), TARGET, rng) for kind in KINDS for _ in range(repeats)]
        truth = np.array([prior for _, prior in drawn])
        ours, shares, seconds = _ours(found, drawn)
        peers = {each: priors for each, (priors, _) in of_peers(found, drawn, len(base) < 30, []).items()}
        errors = {
            each: 1e4
            * np.abs(np.array(priors) - truth).mean(axis=1).reshape(len(KINDS), repeats).mean(axis=1)
            for each, priors in {**ours, **peers}.items()
        }
        total += len(drawn)
        zeros = np.mean(found["probs"] == 0)
        print(f"\n{name}: K = {len(base)}, exact zeros {zeros:.2f}, {seconds:.2f} CPU s a window")
        _table(errors, shares, set(ours) - {"auto"}, set(peers))
    print(f"\n{total} windows")


def _ours(found, drawn):
    """Priors of `auto` and of each candidate, the mean share of each, and seconds."""
    priors: dict[str, list] = {"auto": []}
    shares: dict[str, list] = {}
    began = time.process_time()
    for probs, _ in drawn:
        averaged = average(check(found["labels"], found["probs"], probs))
        priors["auto"].append(averaged.shares @ averaged.found.priors)
        for name, prior, share in zip(
            names_of(averaged), averaged.found.priors, averaged.shares, strict=True
        ):
            priors.setdefault(name, []).append(prior)
            shares.setdefault(name, []).append(share)
    seconds = (time.process_time() - began) / len(drawn)
    whole = {name: each for name, each in priors.items() if len(each) == len(drawn)}
    return whole, {name: np.sum(each) / len(drawn) for name, each in shares.items()}, seconds


def names_of(averaged: Averaged) -> list[str]:
    """Of the candidates, in their order."""
    moments = ["moments", "moments, EM step", "shrunken", "shrunken, EM step"]
    names = ["EM", "Dirichlet priors"] + (moments if averaged.untold is None else [])
    more = ["kernels", "EM, simpler calibration"]
    return names + more[: len(averaged.shares) - len(names)]


def _table(errors, shares, candidates: set[str], peers: set[str]) -> None:
    print("| method | share | " + " | ".join(KINDS) + " | mean |\n|---|---|" + "---|" * (len(KINDS) + 1))
    for name in sorted(errors, key=lambda each: errors[each].mean()):
        cells = " | ".join(f"{each:.1f}" for each in errors[name])
        print(f"| {name} | {shares.get(name, 1):.2f} | {cells} | {errors[name].mean():.1f} |", flush=True)
    for what, group in (("candidate", candidates), ("peer", peers)):
        if group:
            best = np.min([errors[each] for each in group], axis=0)
            mean = min(errors[each].mean() for each in group)
            cells = " | ".join(f"{each:.2f}" for each in errors["auto"] / best)
            print(
                f"| auto over the best {what} | | {cells} | {errors['auto'].mean() / mean:.2f} |", flush=True
            )


if __name__ == "__main__":
    logging.disable()
    main(int(sys.argv[1]), sys.argv[2:])
