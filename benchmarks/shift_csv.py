"""Shift on tables that nothing was built on: the kind that is named, the class mix, what intervals hold.

Run: OMP_NUM_THREADS=1 python benchmarks/shift_csv.py FILE … (CSV without header, or ARFF; the label last)
Each table is cut in two at random; the second half is left as it is, drawn at other class shares, drawn by
one direction of its features, or has a class that the first lacks. The peers of the mix are EM on the same
probabilities (Saerens 2002) and the source's own mix.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.false_alarms import at_other_shares, at_random, found_of, windows_of
from benchmarks.noise_csv import print_table, table
from labelworks.tasks.methods.encoders.base import make

LEAST, FEWEST = 100, 5  # rows of a target, and of a class in the source
STEPS = 1000
HEAD = [
    "target",
    "sets",
    "kinds",
    "L1 of the mix",
    "EM",
    "source's own",
    "mix inside",
    "unknown, true",
    "inside",
]
Cut = tuple[str, np.ndarray, np.ndarray]


def cuts(features: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> Iterator[Cut]:
    """What the target is, and masks (N,) of source and target."""
    yield "as the source", *at_random(codes, rng)
    yield "at other shares", *at_other_shares(codes, rng)
    source, target = at_random(codes, rng)
    along = features @ rng.normal(size=features.shape[1])
    along = (along - along.mean()) / (along.std() + 1e-9)
    yield "drawn by features", source, target & (rng.random(len(codes)) < 1 / (1 + np.exp(-2 * along)))
    shares = np.bincount(codes) / len(codes)
    some = np.flatnonzero((shares > 0.03) & (shares < 0.4))
    if len(shares) >= 4 and len(some):
        source, target = at_random(codes, rng)
        yield "with a class unseen", source & (codes != rng.choice(some)), target


def measured(name: str, features: np.ndarray, codes: np.ndarray, cut: Cut) -> dict[str, Any] | None:
    """What a run finds of the target, beside the truth; None: too few rows."""
    what, source, target = cut
    seen = np.bincount(codes[source], minlength=codes.max() + 1) >= FEWEST
    source, known = source & seen[codes], seen[codes]
    if what != "with a class unseen":
        target = target & known
    if target.sum() < LEAST:
        return None
    among = np.where(known, (np.cumsum(seen) - 1)[codes], 0)
    vectors = pa.array(features.tolist(), pa.list_(pa.float32()))
    windows = windows_of((name, vectors, among, make("vector", "vector", {})), source, target)
    found = found_of(windows)
    true, own = (
        np.bincount(among[rows], minlength=seen.sum()) / rows.sum() for rows in (target & known, source)
    )
    low, high = np.transpose(found.interval)
    unknown = (target & ~known).sum() / target.sum()
    assert found.unknown is not None
    return {
        "kind": found.kind,
        "L1": np.abs(np.array(found.prior) - true).sum(),
        "EM": np.abs(by_em(own, windows.target_probs) - true).sum(),
        "own": np.abs(own - true).sum(),
        "inside": ((low - 1e-9 <= true) & (true <= high + 1e-9)).mean(),
        "share": found.unknown.share,
        "unknown": unknown,
        "open inside": found.unknown.interval[0] <= unknown <= found.unknown.interval[1] + 1e-9,
    }


def by_em(prior: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """The mix (K,) of rows of probabilities (M, K) that were learned at a prior (K,)."""
    mix = prior
    for _ in range(STEPS):
        posterior = probs * (mix / np.maximum(prior, 1e-12))
        mix = (posterior / posterior.sum(axis=1, keepdims=True)).mean(axis=0)
    return mix


def line(what: str, figures: list[dict[str, Any]]) -> list[str]:
    """A row of the table."""
    mean = {key: float(np.mean([each[key] for each in figures])) for key in figures[0] if key != "kind"}
    kinds = Counter(str(each["kind"]) for each in figures)
    return [
        what,
        str(len(figures)),
        ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()),
        f"{mean['L1']:.3f}",
        f"{mean['EM']:.3f}",
        f"{mean['own']:.3f}",
        f"{mean['inside']:.2f}",
        f"{mean['share']:.3f}, {mean['unknown']:.3f}",
        f"{mean['open inside']:.2f}",
    ]


def main() -> None:
    """Print a row a kind of target."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in parser.parse_args().files:
        features, codes = table(path)
        for cut in cuts(features, codes, np.random.default_rng([0, sum(map(ord, path.stem))])):
            figures = measured(path.stem, features, codes, cut)
            if figures:
                kinds[cut[0]].append(figures)
    print_table(HEAD, (line(what, figures) for what, figures in kinds.items()))


if __name__ == "__main__":
    main()
