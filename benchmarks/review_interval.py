"""Whether the interval of errors removed by looks holds the truth, in simulated sittings at a queue.

Rows of a pool whose labels are likeliest wrong by scores are looked at by people who err. Scores are
calibrated; too sure (their probabilities squared); or wrong where labels are: errors go where features are
unclear, to the class that these speak for beside the true one, while scores take any class for as likely.

python benchmarks/review_interval.py [--sittings 300] [--rows 30 300 1000]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from labelworks.tasks.methods.review.errors_removed import ErrorsRemoved, LooksMade, errors_removed
from labelworks.tasks.methods.review.reviewers import LOOKS, RIGHT

KINDS = ("calibrated", "features", "overconfident")
K, NOISE = 6, 0.2


def drawn(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    return np.asarray((shares.cumsum(1) > rng.random((len(shares), 1))).argmax(1))


def first_rows(rng: np.random.Generator, rows: int, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posteriors, true and given classes of the rows of a pool whose labels are likeliest wrong by scores.

    features: errors go where features are unclear, to what these speak for; overconfident: scores are.
    """
    shares = rng.dirichlet(np.full(K, 0.15), 8 * rows) + 1e-6
    shares /= shares.sum(1, keepdims=True)
    every, true = np.arange(len(shares)), drawn(rng, shares)
    other, chance = (true + rng.integers(1, K, len(true))) % K, np.full(len(true), NOISE)
    if kind == "features":
        rest = shares.copy()
        rest[every, true] = -1
        other, hard = rest.argmax(1), 1 - shares[every, true]
        chance = np.minimum(NOISE * hard / hard.mean(), 0.9)
    given = np.where(rng.random(len(true)) < chance, other, true)
    likely = np.where(np.eye(K, dtype=bool)[given], 1 - NOISE, NOISE / (K - 1))
    posterior = (shares**2 if kind == "overconfident" else shares) * likely
    posterior /= posterior.sum(1, keepdims=True)
    first = np.argsort(posterior[every, given])[:rows]
    return posterior[first], true[first], given[first]


def sitting(rng: np.random.Generator, rows: int, kind: str, right: float) -> tuple[ErrorsRemoved, int]:
    """What is told of one sitting, and how many wrong labels less there are."""
    posterior, true, given = first_rows(rng, rows, kind)
    slips = (true + rng.integers(1, K, rows)) % K
    answer, every = np.where(rng.random(rows) < right, true, slips), np.arange(rows)
    told = errors_removed(
        LooksMade.of(
            posterior[every, given], posterior[every, answer], np.zeros(rows, bool), answer != given,
            np.zeros(rows, np.int64), K + 1,
        )
    )  # fmt: skip
    assert told.changed == (answer != given).sum()
    return told, int(np.count_nonzero(given != true) - np.count_nonzero(answer != true))


def main() -> None:
    """Print for each setting how often the interval held the truth, its width and the error of its middle."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sittings", type=int, default=300)
    parser.add_argument("--rows", type=int, nargs="+", default=[30, 300, 1000])
    given = parser.parse_args()
    print("| scores | people right | rows | held | width | told less true, on average |")
    print("|---|---|---|---|---|---|")
    for kind in KINDS:
        for right in (None, 0.85, 0.95, 1.0):
            for rows in given.rows:
                rng = np.random.default_rng([0, rows])
                kept = [_one(rng, rows, kind, right) for _ in range(given.sittings)]
                held, width, off = np.mean(kept, axis=0)
                often = "as assumed" if right is None else f"{right:.0%}"
                print(f"| {kind} | {often} | {rows} | {held:.3f} | {width:.1f} | {off:+.1f} |", flush=True)


def _one(rng: np.random.Generator, rows: int, kind: str, right: float | None) -> tuple[bool, float, float]:
    often = rng.beta(LOOKS * RIGHT, LOOKS * (1 - RIGHT)) if right is None else right
    told, truth = sitting(rng, rows, kind, often)
    return told.low <= truth <= told.high, told.high - told.low, told.value - truth


if __name__ == "__main__":
    main()
