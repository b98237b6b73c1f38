"""Are labels made of votes better than those that most gave? The verdict by held-out votes against the truth.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/validate_votes.py [made|real] [--crowds 100]
[--items 600] [--seed 0]. made: crowds of `crowd_made.py`, 3 to 5 votes an item, of a kind and a method drawn
by chance. real: sets of crowd_tias and imagenet_real of at most 60,000 votes, by three methods. The truth is
for scoring only.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import crowd
import crowd_made
import numpy as np
import pandas as pd

from labelworks.tasks.methods.crowd import Votes, aggregate
from labelworks.tasks.methods.validation.held_votes import VotesProof, prove_votes

METHODS = ("auto", "dawid-skene", "one-coin")
MOST = 60_000
Verdict = tuple[str, str, float, VotesProof]


def proven(votes: Votes, method: str) -> VotesProof:
    """What held-out votes say of a method."""
    return prove_votes(votes, lambda rest: aggregate(rest, method=method).posterior)


def made(crowds: int, items: int, seed: int) -> Iterator[Verdict]:
    """Verdicts on made crowds."""
    crowd_made.ITEMS = items
    rng, settings = np.random.default_rng(seed), list(crowd_made.settings())
    for _ in range(crowds):
        kind, *setting = settings[rng.integers(len(settings))]
        crowd_made.PER_ITEM = int(rng.choice([3, 4, 5]))
        votes, truth = crowd_made.made(kind, *setting, int(rng.integers(10**6)))
        method = str(rng.choice([METHODS[0], *METHODS]))
        right = [np.mean(aggregate(votes, method=each).labels == truth) for each in (method, "majority")]
        yield kind, method, float(right[0] - right[1]), proven(votes, method)


def real() -> Iterator[Verdict]:
    """Verdicts on real ones."""
    for name, table, truth in crowd.datasets(Path(os.environ["LABELWORKS_DATA"])):
        if len(table) > MOST:
            continue
        votes = Votes.from_table(table)
        for method in METHODS:
            right = []
            for each in (method, "majority"):
                found = aggregate(votes, method=each)
                right.append((pd.Series(found.labels, found.items).reindex(truth.index) == truth).mean())
            yield name, method, float(right[0] - right[1]), proven(votes, method)


def main() -> None:
    """A row a verdict, and what they come to."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", default="real", choices=("made", "real"))
    parser.add_argument("--crowds", type=int, default=100)
    parser.add_argument("--items", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0, help="by which crowds are made")
    options = parser.parse_args()
    said, crowds = [], made(options.crowds, options.items, options.seed)
    print("| crowd | method | right, beside most gave | log score | right, by the votes | better |")
    print("|---|---|---|---|---|---|")
    for name, method, gained, proof in real() if options.what == "real" else crowds:
        better = not proof.why_not(None)
        said.append((better, gained))
        print(
            f"| {name} | {method} | {gained:+.4f} "
            f"| {proof.gain.value:.4f} ± {1.96 * proof.gain.spread:.4f} | "
            f"{proof.difference.value:+.4f} ± {1.96 * proof.difference.spread:.4f} | {better} |",
            flush=True,
        )
    better, gained = np.array(said).T
    more = gained > 0.005
    print(
        f"better said {int(better.sum())} of {len(better)}, right {int((gained[better == 1] > 0).sum())}; "
        f"of {int(more.sum())} improvements over .005 proven {int(better[more].sum())}; "
        f"harmful by over .002: {int((gained < -0.002).sum())}, "
        f"said better {int(better[gained < -0.002].sum())}"
    )


if __name__ == "__main__":
    main()
