"""Accuracy and time of crowd aggregation on sets with gold labels, beside crowd-kit in the same run.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/crowd.py [--sets rte dog …] [--no-peers]
crowd_tias: 14 sets; imagenet_real: the raters' votes on the experts' questions against the experts' majority,
no / maybe / yes and yes / not. The truth is read for scoring only. crowd-kit comes with the `bench` extra.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from labelworks.tasks.methods.crowd import aggregate

OURS = (
    "majority",
    "dawid-skene",
    "glad",
    "mace",
    "one-coin",
    "top-two",
    "hierarchical",
    "difficulty",
    "auto",
)
PEERS = ("majority", "dawid-skene", "glad", "mace")
SEED = 0
Dataset = tuple[str, pd.DataFrame, "pd.Series[int]"]


def datasets(folder: Path) -> Iterator[Dataset]:
    """Name, votes (item, worker, label), truth by item."""
    for path in sorted((folder / "crowd_tias").glob("*.label.parquet")):
        name = path.name.removesuffix(".label.parquet")
        truth = pd.read_parquet(path.with_name(f"{name}.truth.parquet")).set_index("item")["truth"]
        yield name, pd.read_parquet(path), truth
    experts = pd.read_parquet(folder / "imagenet_real/golden_votes.parquet")
    gold = experts.groupby("task")["label"].agg(lambda votes: votes.mode()[0])
    votes = pd.read_parquet(folder / "imagenet_real/raters_golden_votes.parquet").rename(
        columns={"task": "item"}
    )
    yield "imagenet_real no/maybe/yes", votes, gold
    yield "imagenet_real yes/not", votes.assign(label=(votes["label"] == 2) * 1), (gold == 2) * 1


def ours(method: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Return a method of this project as votes → labels by item."""

    def run(votes: pd.DataFrame) -> pd.Series:
        result = aggregate(votes, method=method)
        return pd.Series(result.labels, index=result.items)

    return run


def peer(method: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Return a method of crowd-kit as votes → labels by item, with its own defaults."""
    from crowdkit.aggregation import GLAD, MACE, DawidSkene, MajorityVote

    made = {
        "majority": MajorityVote,
        "dawid-skene": lambda: DawidSkene(n_iter=100),
        "glad": GLAD,
        "mace": lambda: MACE(random_state=SEED),
    }[method]()
    return lambda votes: made.fit_predict(votes.rename(columns={"item": "task"}))


def scored(run: Callable[[pd.DataFrame], pd.Series], dataset: Dataset) -> tuple[float, float]:
    """Return accuracy and seconds."""
    _, votes, truth = dataset
    start = time.perf_counter()
    labels = run(votes)
    seconds = time.perf_counter() - start
    return float((labels.reindex(truth.index) == truth).mean()), seconds


def main() -> None:
    """Print a Markdown table as the sets are done, means and sums at its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    runs = {name: ours(name) for name in OURS}
    if not options.no_peers:
        runs |= {f"crowd-kit {name}": peer(name) for name in PEERS}
    print("| set |", " | ".join(runs), "| auto − best peer |", flush=True)
    print("|---" * (len(runs) + 2) + "|", flush=True)
    table = []
    for dataset in datasets(Path(os.environ["LABELWORKS_DATA"])):
        if options.sets and dataset[0] not in options.sets:
            continue
        row = {name: scored(run, dataset) for name, run in runs.items()}
        report(dataset[0], row)
        if not dataset[0].startswith("imagenet"):
            table.append(row)
    totals = {name: np.array([row[name] for row in table]).T for name in runs}
    report("mean of crowd_tias", {name: (total[0].mean(), 0.0) for name, total in totals.items()})
    print("| seconds |", " | ".join(f"{total[1].sum():.1f}" for total in totals.values()), "| |")


def report(name: str, row: dict[str, tuple[float, float]]) -> None:
    """Print one row of the table."""
    peers = [accuracy for run, (accuracy, _) in row.items() if run.startswith("crowd-kit")]
    gap = f"{row['auto'][0] - max(peers):+.4f}" if peers else ""
    print(
        f"| {name} |", " | ".join(f"{accuracy:.4f}" for accuracy, _ in row.values()), f"| {gap} |", flush=True
    )


if __name__ == "__main__":
    main()
