"""Treatment of several labels a row: questions of banking77 in twos and threes, with all their intents.

`python benchmarks/treat_label_sets.py [--rows 4000] [--seeds 3] [--random 30] [--precision 0.95]
[--embeddings FOLDER]`: banking77 is taken from $LABELWORKS_DATA, its MiniLM vectors are kept in FOLDER; a
row's is their mean. Labels are left as they are, or a tenth is left out, also six times as often where the
features point one way, or a tenth of the rows gets one more, or both. Peer:
cleanlab's `find_multilabel_issues_per_class` with the same probabilities, its issues all turned around.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
from noise_text import embedded
from scipy import sparse
from sklearn.metrics import average_precision_score

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chance import features_p_value
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.multilabel.judge import LabelSetJudge
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.treatment.label_sets import cell_claims, treat_label_sets
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation.weighted_ridge import fit_ridge

CLASSES = 77


def joined(vectors: np.ndarray, labels: np.ndarray, rows: int, rng: np.random.Generator) -> tuple:
    """Rows (N, D) of two or three questions each, and their intents (N, K)."""
    size = rng.integers(2, 4, rows)
    picked = rng.integers(0, len(labels), (rows, 3))
    counted = (np.arange(3) < size[:, None]).astype(np.float32)
    features = np.einsum("nsd,ns->nd", vectors[picked], counted) / size[:, None]
    true = np.zeros((rows, CLASSES), bool)
    for place in range(3):
        true[np.arange(rows), labels[picked[:, place]]] |= counted[:, place] > 0
    return features.astype(np.float32), true


def spoilt(kind: str, true: np.ndarray, features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    given = true.copy()
    if kind == "by features":
        along = features @ rng.normal(size=features.shape[1])
        rate = np.where(along > np.median(along), 0.17, 0.03)
        given &= rng.random(true.shape) >= rate[:, None]
    if kind in ("left out", "both"):
        given &= rng.random(true.shape) >= 0.1
    if kind in ("added", "both"):
        rows = np.flatnonzero(rng.random(len(true)) < 0.1)
        given[rows, rng.integers(0, CLASSES, len(rows))] = True
    return given


def treated(
    features: np.ndarray, given: np.ndarray, precision: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels (n, K), weights (n,) as a run gives them, and the probabilities that it judged by."""
    policy = Policy("both", Chosen("precision", {"precision": precision}), (Chosen("right"),), 10, 0.1)
    folds, matrix = (
        np.random.default_rng(1).integers(0, 5, len(given)),
        sparse.csr_array(given.astype(np.int8)),
    )
    sums = TargetSums.of(features, matrix, folds, 5)
    model = registry.make("multilabel", Chosen("confident-learning", {}))
    judge = LabelSetJudge.fit(sums, features, matrix, folds, model=model)
    found = judge.judge(features, matrix, folds)
    count, hashed = given.sum(axis=0).astype(float), np.arange(len(given), dtype=np.uint64)
    claims = cell_claims(found.missing, found.extra, found.claimed, policy, count, len(given), hashed)
    cut = cut_of(claims, policy, Trust(), given.shape[1])
    done = treat_label_sets(matrix, found.missing, found.extra, claims, cut, policy)
    return done.labels.toarray() > 0, done.weight, judge.probs(features, matrix, folds)


def peer(given: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Labels (n, K) with every issue of cleanlab turned around."""
    lists = [np.flatnonzero(row).tolist() for row in given]
    issues = find_multilabel_issues_per_class(lists, probs.astype(np.float64))
    return given ^ np.asarray(issues, bool)


def learned(
    features: np.ndarray, given: np.ndarray, weight: np.ndarray | None, test: np.ndarray
) -> np.ndarray:
    return fit_ridge(features, given.astype(np.float64), weight).predict(test)


def right(before: np.ndarray, after: np.ndarray, true: np.ndarray) -> tuple[float, ...]:
    """How many labels were added and taken away, and how many of them rightly."""
    added, dropped = after & ~before, before & ~after
    return added.sum(), (added & true).sum(), dropped.sum(), (dropped & ~true).sum()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--random", type=int, default=30)
    parser.add_argument("--precision", type=float, default=0.95)
    parser.add_argument("--embeddings", type=Path)
    asked = parser.parse_args()
    table = pq.read_table(Path(os.environ["LABELWORKS_DATA"]) / "text/banking77.parquet").to_pandas()
    vectors = embedded("banking77", table["text"].tolist(), asked.embeddings)
    labels = np.unique(table["category"].astype(str), return_inverse=True)[1]
    print("| labels | by | added (right) | taken away (right) | changed | wrong cells | mAP raw → treated |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("clean", "left out", "by features", "added", "both"):
        _row(kind, vectors, labels, asked)
    print(f"random labels refused: {_refused(vectors, labels, asked)} of {asked.random}")


def _row(kind: str, vectors: np.ndarray, labels: np.ndarray, asked: argparse.Namespace) -> None:
    totals: dict[str, list[tuple[float, ...]]] = {}
    for seed in range(asked.seeds):
        rng = np.random.default_rng(seed)
        features, true = joined(vectors, labels, asked.rows, rng)
        train, test = np.split(np.arange(asked.rows), [asked.rows * 3 // 4])
        given = spoilt(kind, true[train], features[train], rng)
        after, weight, probs = treated(features[train], given, asked.precision)
        for name, mended, by in (("labelworks", after, weight), ("cleanlab", peer(given, probs), None)):
            maps = [
                average_precision_score(
                    true[test], learned(features[train], labels, w, features[test]), average="macro"
                )
                for labels, w in ((given, None), (mended, by))
            ]
            changed = (mended != given).any(axis=1).mean()
            cells = (given != true[train]).sum(), (mended != true[train]).sum()
            totals.setdefault(name, []).append((*right(given, mended, true[train]), changed, *cells, *maps))
    for name, total in totals.items():
        added, added_right, taken, taken_right, changed, before, after, raw, now = np.mean(total, axis=0)
        print(
            f"| {kind} | {name} | {added:.0f} ({added_right:.0f}) | {taken:.0f} ({taken_right:.0f}) "
            f"| {changed:.2%} | {before:.0f} → {after:.0f} | {raw:.4f} → {now:.4f} |"
        )


def _refused(vectors: np.ndarray, labels: np.ndarray, asked: argparse.Namespace) -> int:
    """Of how many sets the gate refuses labels that are shuffled among the rows."""
    count = 0
    for seed in range(asked.random):
        rng = np.random.default_rng(1000 + seed)
        features, true = joined(vectors, labels, 1500, rng)
        shuffled = sparse.csr_array(true[rng.permutation(1500)].astype(np.int8))
        count += features_p_value(features, shuffled) > 0.001
    return count


if __name__ == "__main__":
    main()
