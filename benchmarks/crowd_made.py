"""Accuracy of crowd aggregation on made crowds, whose annotators are of seven kinds.

Run: OMP_NUM_THREADS=1 python benchmarks/crowd_made.py [--seeds 5]
A setting is a kind × K classes × votes an annotator × which classes are common; each is drawn `seeds` times.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.crowd import Votes, aggregate

METHODS = ("majority", "one-coin", "dawid-skene", "mace", "glad", "hierarchical", "difficulty", "auto")
KINDS = ("coin", "confusion", "shared bias", "spammers", "hard items", "traps", "traps and bias")
CLASSES, VOTES_BY, EVEN = (2, 4, 10), (8, 100), (True, False)
ITEMS, PER_ITEM = 600, 5
Floats = NDArray[np.float64]


def made(kind: str, classes: int, votes_by: int, even: bool, seed: int) -> tuple[Votes, NDArray[np.int64]]:
    """Return votes and the truth (N,) of one crowd."""
    rng = np.random.default_rng(seed)
    annotators = max(ITEMS * PER_ITEM // votes_by, PER_ITEM)
    share = np.ones(classes) if even else 0.5 ** np.minimum(np.arange(classes), 3)
    truth = rng.choice(classes, ITEMS, p=share / share.sum())
    item = np.repeat(np.arange(ITEMS), PER_ITEM)
    who = np.concatenate([rng.choice(annotators, PER_ITEM, replace=False) for _ in range(ITEMS)])
    tables = confusions(kind, classes, annotators, rng)
    chance = tables[who, np.where(trapped(kind, truth, rng), 0, truth)[item]]
    if kind == "hard items":
        hard = rng.random(ITEMS) < 0.4
        chance = np.where(hard[item][:, None], 0.4 * chance + 0.6 / classes, chance)
    answer = (rng.random(len(item))[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    return Votes.from_arrays(
        item, who, np.minimum(answer, classes - 1), items=np.arange(ITEMS), classes=np.arange(classes)
    ), truth


def confusions(kind: str, classes: int, annotators: int, rng: np.random.Generator) -> Floats:
    """Return P(answer | class) of each annotator (W, class, answer)."""
    right = rng.beta(6, 3, annotators)[:, None, None]
    eye = np.eye(classes)
    even = right * eye + (1 - right) * (1 - eye) / (classes - 1)
    habit = rng.dirichlet(np.full(classes, 0.5), annotators)[:, None, :]
    if kind == "confusion":
        return np.asarray(0.55 * even + 0.45 * rng.dirichlet(np.full(classes, 0.5), (annotators, classes)))
    if kind in ("shared bias", "traps and bias"):
        to_first = 0.35 * eye[0] + 0.65 * eye
        return np.asarray(even @ to_first)
    if kind == "spammers":
        spam = (rng.random(annotators) < 0.4)[:, None, None]
        return np.asarray(np.where(spam, np.repeat(habit, classes, axis=1), even))
    return np.asarray(even)


def trapped(kind: str, truth: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return on which items (N,) everybody sees the first class: the same error, made together."""
    return (rng.random(len(truth)) < 0.15) & kind.startswith("traps")


def settings() -> Iterator[tuple[str, int, int, bool]]:
    """Kind, classes, votes an annotator, classes alike in number."""
    yield from product(KINDS, CLASSES, VOTES_BY, EVEN)


def main() -> None:
    """Print a Markdown table: mean accuracy of each method by kind, and how far auto is from the best."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore")
    found: dict[tuple[str, int, int, bool], Floats] = {}
    for setting in settings():
        runs = [made(*setting, seed) for seed in range(seeds)]
        found[setting] = np.mean(
            [[np.mean(aggregate(votes, method=m).labels == truth) for m in METHODS] for votes, truth in runs],
            axis=0,
        )
    print(
        "| kind |",
        " | ".join(METHODS),
        "| auto − best: mean, least | auto − one-coin: least | auto − majority: least |",
    )
    print("|---" * (len(METHODS) + 4) + "|")
    for kind in KINDS:
        report(kind, np.array([row for setting, row in found.items() if setting[0] == kind]))
    report("all", np.array(list(found.values())))
    for setting, row in sorted(found.items(), key=lambda each: each[1][-1] - each[1].max())[:8]:
        print(setting, dict(zip(METHODS, row.round(3).tolist(), strict=True)))


def report(kind: str, rows: Floats) -> None:
    """Print one row of the table."""
    gap, auto = rows[:, -1] - rows.max(axis=1), rows[:, -1]
    least = [f"{(auto - rows[:, METHODS.index(m)]).min():+.3f}" for m in ("one-coin", "majority")]
    means = " | ".join(f"{each:.3f}" for each in rows.mean(axis=0))
    print(f"| {kind} | {means} | {gap.mean():+.3f}, {gap.min():+.3f} | {' | '.join(least)} |", flush=True)


if __name__ == "__main__":
    main()
