"""Errors left after people looked at a tenth of the rows in the product's order, beside cleanlab's ActiveLab.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/review.py [--seeds 5]
Needs the bench extra. Truth answers for people, and scores; nothing else sees it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.treat import treated
from labelworks.tasks.methods.noise import NoiseResult, detect
from labelworks.tasks.methods.review.look_value import look_value
from labelworks.tasks.methods.review.reviewers import RIGHT, Answers, accuracies, after, prior_of
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.review_order import removed_by_look
from labelworks.tasks.review.queue import GOLD

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
ROWS, LOOKS, ROUNDS, PEOPLE = 6000, 600, 6, 3
SETTINGS = {".0 / 20 %": (0, 2), ".6 / 20 %": (6, 2), ".0 / 40 %": (0, 4), ".6 / 40 %": (6, 4)}
Table = Iterator[list[str]]


@dataclass(frozen=True)
class Rows:
    """True and given classes (N,), out-of-sample probabilities (N, K), what a run finds; treated labels."""

    true: np.ndarray
    given: np.ndarray
    probs: np.ndarray
    found: NoiseResult
    label: np.ndarray

    @property
    def removed(self) -> np.ndarray:
        """What a look at each is expected to remove."""
        rows = JudgedLabels.of(self.given, self.found)
        claim = rows.suggested if rows.claim is None else rows.claim
        return removed_by_look(rows.error_probability, rows.suggested, claim, self.label != self.given)


class People:
    """Some who answer, each right with a chance; a wrong answer is any other class."""

    def __init__(self, true: np.ndarray, classes: int, right: float, seed: int) -> None:
        self.true, self.classes, self.right = true, classes, right
        self.rng = np.random.default_rng([seed, 1])

    def say(self, rows: np.ndarray) -> np.ndarray:
        """An answer about each of some rows."""
        other = (self.true[rows] + self.rng.integers(1, self.classes, len(rows))) % self.classes
        return np.where(self.rng.random(len(rows)) < self.right, self.true[rows], other)


def cifar(sparsity: int, noise: int, seed: int) -> Rows:
    """ROWS of CIFAR-10's training set, drawn by a seed."""
    data = np.load(DATA / "cifar10_confident_learning/cl_cifar10.npz")
    some = np.random.default_rng(seed).permutation(len(data["true"]))[:ROWS]
    given = data[f"s_{sparsity}_{noise}"][some].astype(np.int32)
    probs = data[f"p_{sparsity}_{noise}"][some].astype(np.float32)
    probs /= probs.sum(axis=1, keepdims=True)
    found = detect(given, probs, posterior=True)
    return Rows(data["true"][some].astype(np.int64), given, probs, found, treated(given, found, "accuracy"))


def ours(rows: Rows, right: float, seed: int) -> tuple[np.ndarray, int]:
    """Labels (N,) after LOOKS answers in the queue's order, one in GOLD of a known row; rows seen."""
    count, classes = rows.probs.shape
    people, prior = People(rows.true, classes, right, seed), prior_of(rows.found.posterior)
    rng, each = np.random.default_rng([seed, 2]), LOOKS // ROUNDS
    row, who, said = (np.zeros(0, np.int64) for _ in range(3))
    label, accuracy, value = rows.label.copy(), np.full(PEOPLE, RIGHT), rows.removed * RIGHT
    for _ in range(ROUNDS):
        known = rng.permutation(np.unique(row))[: each // GOLD]
        picked = np.concatenate([np.argsort(-value, kind="stable")[: each - len(known)], known]).astype(
            np.int64
        )
        last = np.full(count, -1)
        last[row] = who
        person = np.where(
            last[picked] < 0,
            rng.integers(0, PEOPLE, each),
            (last[picked] + rng.integers(1, PEOPLE, each)) % PEOPLE,
        )
        row, who = np.concatenate([row, picked]), np.concatenate([who, person])
        said = np.concatenate([said, people.say(picked)])
        answers = Answers(row, who, np.eye(classes + 1, dtype=bool)[said])
        accuracy = accuracies(answers, prior, PEOPLE)
        posterior, seen = after(answers, prior, accuracy), np.unique(row)
        label[seen] = posterior[seen, :classes].argmax(axis=1)
        right_now = float(accuracy[who].mean())
        value = rows.removed * right_now
        value[seen] = look_value(posterior[seen], posterior[seen].argmax(axis=1), right_now)
    return label, len(np.unique(row))


def activelab(rows: Rows, right: float, seed: int) -> list[np.ndarray]:
    """Labels (N,) after as many answers where ActiveLab scores lowest, asked at once, read in four ways.

    CROWDLAB's consensus; the answers, with unseen rows by the consensus, as given, by the likeliest class.
    """
    import pandas as pd
    from cleanlab.multiannotator import get_active_learning_scores, get_label_quality_multiannotator

    count, classes = rows.probs.shape
    people, probs = People(rows.true, classes, right, seed), rows.probs.astype(np.float64)
    labels = np.full((count, 2), np.nan)
    labels[:, 0] = rows.given
    scores, _ = get_active_learning_scores(labels[:, :1], probs)
    picked = np.argsort(scores, kind="stable")[:LOOKS]
    said = labels[picked, 1] = people.say(picked)
    quality = get_label_quality_multiannotator(pd.DataFrame(labels), probs, verbose=False)
    consensus = quality["label_quality"]["consensus_label"].to_numpy()
    read = [consensus]
    for unseen in (consensus, rows.given, probs.argmax(axis=1)):
        label = unseen.copy()
        label[picked] = said
        read.append(label)
    return read


def looks(seeds: int) -> Table:
    """A tenth of the rows is looked at, by people who are always right, or of 20 times 17."""
    yield ["sparsity/noise", "people right", "given", "treated", "ours", "rows seen", "ActiveLab, best"]
    for name, (sparsity, noise) in SETTINGS.items():
        sets = [cifar(sparsity, noise, seed) for seed in range(seeds)]
        for right in (1.0, 0.85):
            found, peer = [], []
            for seed, rows in enumerate(sets):
                label, seen = ours(rows, right, seed)
                found.append([*((of != rows.true).mean() for of in (rows.given, rows.label, label)), seen])
                peer.append([(of != rows.true).mean() for of in activelab(rows, right, seed)])
            given, before, left, seen = np.mean(found, axis=0)
            best = np.mean(peer, axis=0).min()
            figures = (f"{given:.3f}", f"{before:.3f}", f"{left:.4f}", f"{seen:.0f}", f"{best:.4f}")
            yield [name, f"{right:.0%}", *figures]


def twentieth(seeds: int) -> Table:
    """5 % of all rows looked at by people who are right: errors removed, as a share of all rows."""
    yield [
        "sparsity/noise",
        "self-confidence alone",
        "treated, and where a look removes most",
        "of it by treating",
    ]
    for name, (sparsity, noise) in SETTINGS.items():
        found = []
        for seed in range(seeds):
            rows = cifar(sparsity, noise, seed)
            most = ROWS // 20
            wrong, left = rows.given != rows.true, rows.label != rows.true
            alone = wrong[np.argsort(rows.probs[np.arange(ROWS), rows.given], kind="stable")[:most]].sum()
            by_treating = wrong.sum() - left.sum()
            both = by_treating + left[np.argsort(-rows.removed, kind="stable")[:most]].sum()
            found.append(np.array([alone, both, by_treating]) / ROWS)
        yield [name, *(f"{value:.4f}" for value in np.mean(found, axis=0))]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for table in (looks, twentieth):
        print(f"\n{table.__name__}\n")
        for number, row in enumerate(table(options.seeds)):
            print("| " + " | ".join(row) + " |", flush=True)
            if not number:
                print("|" + "---|" * len(row))


if __name__ == "__main__":
    main()
