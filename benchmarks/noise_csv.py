"""Wrong labels of tables that nothing was built on: ranking, flags, the range of the rate, kept promises.

Run: OMP_NUM_THREADS=1 python benchmarks/noise_csv.py FILE … (CSV without header, or ARFF; the label last)
Labels go wrong in four ways at three rates, beside clean ones; of more rows 2,000 are drawn. Probes are those
of a run by default; the peers are self-confidence and pred≠given of the same probabilities.
"""

from __future__ import annotations

import argparse
import csv
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, f1_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.treat import treated
from benchmarks.treat_small import KNOWS, Rows, judged, wrong_labels

KINDS = ("uniform", "similar", "near the border", "in a region")
RATES = (0.05, 0.1, 0.2)
FEWEST, MOST = 5, 2000  # rows of a class, and of a set
HEAD = [
    "noise", "sets", "AP", "self-confidence", "F1", "pred≠given", "rate inside", "flagged", "changed at .9",
    "right", "changed at .95", "right",
]  # fmt: skip


def table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, D), numbers scaled and categories as columns of their own, and classes (N,)."""
    lines = (line for line in path.open() if line.strip() and line[0] not in "@%")  # as ARFF heads its rows
    rows = [[cell.strip(" '\"\t") for cell in row] for row in csv.reader(lines)]
    columns = list(zip(*(row for row in rows if len(row) == len(rows[0])), strict=True))
    features = np.hstack([_column(np.array(column)) for column in columns[:-1]])
    labels = np.unique(columns[-1], return_inverse=True)[1]
    keep = np.bincount(labels)[labels] >= FEWEST
    return features[keep].astype(np.float32), np.unique(labels[keep], return_inverse=True)[1]


def _column(values: np.ndarray) -> np.ndarray:
    unknown = np.isin(values, ("?", ""))
    try:
        numbers = np.where(unknown, "nan", values).astype(np.float64)
    except ValueError:
        return OneHotEncoder(sparse_output=False).fit_transform(values[:, None])
    known = np.nan_to_num(numbers, nan=np.nanmean(numbers) if not unknown.all() else 0.0)
    return StandardScaler().fit_transform(known[:, None])


def spoiled(path: Path) -> Iterator[Rows]:
    """The set of a file, clean and with labels gone wrong."""
    features, labels = table(path)
    for kind, rate in [("clean", 0.0), *((kind, rate) for kind in KINDS for rate in RATES)]:
        rng = np.random.default_rng([int(rate * 100), sum(map(ord, path.stem + kind))])
        rows = rng.permutation(len(labels))[:MOST]
        rows = rows[np.bincount(labels[rows])[labels[rows]] >= FEWEST]
        true = np.unique(labels[rows], return_inverse=True)[1]
        given = wrong_labels(rng, features[rows], true, rate, kind) if rate else true.astype(np.int32)
        yield Rows(features[rows], true, given, kind, None)


def measured(rows: Rows) -> tuple[str, dict[str, float]]:
    """The kind of noise, of models that know little apart, and figures."""
    result, known, probs = judged(rows)
    wrong, own = rows.given != rows.true, probs[np.arange(len(rows.given)), rows.given]
    low, high = result.noise_rate_interval
    figures = {"inside": low <= wrong.mean() <= high, "flagged": result.flag.mean()}
    if wrong.any():
        figures |= {
            "AP": average_precision_score(wrong, -result.score),
            "self": average_precision_score(wrong, -own),
            "F1": f1_score(wrong, result.flag),
            "argmax": f1_score(wrong, probs.argmax(axis=1) != rows.given),
        }
    for share in (0.9, 0.95):
        labels = treated(rows.given, result, {"precision": share})
        changed = labels != rows.given
        figures |= {
            f"changed {share}": changed.sum(),
            f"right {share}": (changed & (labels == rows.true)).sum(),
        }
    return rows.noise + ("" if known >= KNOWS else ", weak model"), figures


def line(name: str, found: list[dict[str, float]]) -> list[str]:
    """A row of the table."""
    mean = {key: np.mean([figures[key] for figures in found]) for key in found[0]}
    said = [name, str(len(found))]
    said += [f"{mean[key]:.3f}" if key in mean else "" for key in ("AP", "self", "F1", "argmax")]
    said += [f"{mean['inside']:.2f}", f"{mean['flagged']:.3f}"]
    for share in (0.9, 0.95):
        changed, right = (
            sum(figures[f"{what} {share}"] for figures in found) for what in ("changed", "right")
        )
        said += [f"{changed:.0f}", f"{right / changed:.3f}" if changed else ""]
    return said


def main() -> None:
    """Print a row a kind of noise."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    kinds: dict[str, list[dict[str, float]]] = defaultdict(list)
    for path in parser.parse_args().files:
        for rows in spoiled(path):
            kind, figures = measured(rows)
            kinds[kind].append(figures)
    print_table(HEAD, (line(kind, kinds[kind]) for kind in sorted(kinds)))


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as Markdown."""
    for row in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
