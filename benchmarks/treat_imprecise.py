"""Imprecise labels of every kind: labels inferred, and a model trained on them, beside one on exact labels.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python -m benchmarks.treat_imprecise [--seeds 5] [--sets digits …]
[--only "partial .3" …] [--linear], the last without random features. LABELWORKS_DATA says where the real
sets lie. The truth is for making the labels and for the score alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from labelworks.flows.notebook.inputs.out_of_sample import row_folds
from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.methods.treatment.imprecise.core.infer import infer

BAG = 8


@dataclass(frozen=True)
class Set:
    """Rows to infer labels of, and rows to test on."""

    name: str
    features: np.ndarray
    labels: np.ndarray
    test: np.ndarray
    truth: np.ndarray

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1


@dataclass(frozen=True)
class Observed:
    """Marks (N, K), kinds (N,), bags (N,)."""

    marks: np.ndarray
    kinds: np.ndarray
    bags: np.ndarray


def sets(data: Path | None, seed: int) -> Iterator[Set]:
    """Digits, made Gaussians, and, where there is data, ten letters and twenty intents of banking77."""
    rng = np.random.default_rng(seed)
    features, labels = load_digits(return_X_y=True)
    yield _split("digits", features, labels, 1200, rng)
    labels = rng.choice(6, 2400, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    yield _split(
        "made", rng.normal(size=(2400, 20)) + 0.5 * rng.normal(size=(6, 20))[labels], labels, 1200, rng
    )
    if data is None:
        return
    letter = np.load(data / "shift/letter.npz", allow_pickle=False)
    keep = np.isin(letter["y"], rng.choice(np.unique(letter["y"]), 10, replace=False))
    yield _split("letter", letter["X"][keep], letter["y"][keep], 1600, rng)
    table = pq.read_table(data / "text/banking77.parquet").to_pandas()
    table = table[table["category"].isin(rng.choice(table["category"].unique(), 20, replace=False))]
    words = TfidfVectorizer(sublinear_tf=True).fit_transform(table["text"])
    features = TruncatedSVD(128, random_state=0).fit_transform(words)
    yield _split("banking77", features, table["category"].to_numpy(), 1600, rng)


def _split(name: str, features: np.ndarray, labels: np.ndarray, rows: int, rng: np.random.Generator) -> Set:
    _, codes = np.unique(labels, return_inverse=True)
    order = rng.permutation(len(codes))[: 2 * rows]
    features = StandardScaler().fit_transform(features[order]).astype(np.float32)
    codes = codes[order]
    return Set(name, features[:rows], codes[:rows], features[rows:], codes[rows:])


def partial(given: Set, rng: np.random.Generator, share: float = 0.3) -> Observed:
    """The right class, and every other one with a chance of .3."""
    return _observed(
        "candidates", np.maximum(_exact(given), rng.random((len(given.labels), given.classes)) < share)
    )


def complementary(given: Set, rng: np.random.Generator, count: int = 3) -> Observed:
    """Three classes that a row is not of."""
    order = rng.random((len(given.labels), given.classes))
    order[np.arange(len(order)), given.labels] = 2
    marks = np.zeros_like(order)
    np.put_along_axis(marks, np.argsort(order, axis=1)[:, :count], 1, axis=1)
    return _observed("complementary", marks)


def one_complementary(given: Set, rng: np.random.Generator) -> Observed:
    """One class that a row is not of."""
    return complementary(given, rng, 1)


def bags(given: Set, rng: np.random.Generator) -> Observed:
    """Bags of eight with the number of rows of each class."""
    bag, exact = np.arange(len(given.labels)) // BAG, _exact(given)
    shares = np.stack([exact[bag == each].mean(axis=0) for each in range(bag.max() + 1)])
    return Observed(shares[bag], np.full(len(bag), "bags", object), bag)


def noisy(given: Set, rng: np.random.Generator) -> Observed:
    """One label, wrong in 30 % of the rows, uniformly; the transition is known."""
    wrong = rng.random(len(given.labels)) < 0.3
    other = (given.labels + rng.integers(1, given.classes, len(wrong))) % given.classes
    return _observed("single", np.eye(given.classes)[np.where(wrong, other, given.labels)])


def votes(given: Set, rng: np.random.Generator) -> Observed:
    """Three votes, each right with .6, else uniform."""
    marks = sum(
        np.eye(given.classes)[
            np.where(
                rng.random(len(given.labels)) < 0.6,
                given.labels,
                rng.integers(0, given.classes, len(given.labels)),
            )
        ]
        for _ in range(3)
    )
    return _observed("votes", marks)


def soft(given: Set, rng: np.random.Generator) -> Observed:
    """Distributions of a judge who isn't sure: his odds for the truth are a random number around 2."""
    logits = rng.normal(size=(len(given.labels), given.classes))
    logits[np.arange(len(logits)), given.labels] += 2
    shares = np.exp(logits)
    return _observed("soft", shares / shares.sum(axis=1, keepdims=True))


def five_kinds(given: Set, rng: np.random.Generator) -> Observed:
    """A fifth of the rows each: exact, candidates, complementary, bags, and none at all."""
    made = [partial(given, rng), complementary(given, rng), bags(given, rng)]
    marks, kinds = _exact(given), np.full(len(given.labels), "single", object)
    fifth = np.arange(len(kinds)) // BAG % 5
    for place, each in enumerate(made, 1):
        marks[fifth == place], kinds[fifth == place] = each.marks[fifth == place], each.kinds[fifth == place]
    marks[fifth == 4], kinds[fifth == 4] = 0, "none"
    return Observed(marks, kinds, made[2].bags)


def unlabelled(given: Set, rng: np.random.Generator) -> Observed:
    """100 rows with a label; of the others nothing is known."""
    marks, kinds = _exact(given), np.full(len(given.labels), "none", object)
    marks[100:], kinds[:100] = 0, "single"
    return Observed(marks, kinds, np.zeros(len(kinds), int))


def positives(given: Set, rng: np.random.Generator) -> Observed:
    """Rows of the upper half of the classes are positive; 30 % of them are labelled, all others aren't."""
    half = given.labels >= given.classes // 2
    labelled = half & (rng.random(len(half)) < 0.3)
    return _observed("single-positive", np.stack([np.zeros(len(half)), labelled], axis=1))


KINDS: dict[str, Callable[[Set, np.random.Generator], Observed]] = {
    "partial .3": partial, "complementary × 3": complementary, "complementary × 1": one_complementary,
    "bags of 8": bags, "five kinds mixed": five_kinds, "100 labelled": unlabelled, "noisy .3": noisy,
    "votes": votes, "soft": soft, "positive and unlabelled": positives,
}  # fmt: skip


def _exact(given: Set) -> np.ndarray:
    return np.eye(given.classes)[given.labels]


def _observed(kind: str, marks: np.ndarray) -> Observed:
    return Observed(np.asarray(marks, float), np.full(len(marks), kind, object), np.zeros(len(marks), int))


def inferred(given: Set, seen: Observed, linear: bool) -> np.ndarray:
    """P(class) of each row."""
    classes = seen.marks.shape[1]
    options = {"single": {"transition": 0.7 * np.eye(classes) + 0.3 * (1 - np.eye(classes)) / (classes - 1)}}
    noisy = (seen.kinds == "single").all()
    folds, config = row_folds(len(given.labels)), DetectConfig()
    probes = [probe for probe in config.probes if not (linear and probe.startswith("fourier"))]
    return infer(
        sparse.csr_array(seen.marks), seen.kinds, given.features, folds, config.folds, probes=probes,
        bags=seen.bags, options=options if noisy else None,
    ).posterior  # fmt: skip


def tested(given: Set, labels: np.ndarray, truth: np.ndarray, rows: slice = slice(None)) -> float:
    """Accuracy of logistic regression trained on labels."""
    model = LogisticRegression(max_iter=300).fit(given.features[rows], labels[rows])
    return float(model.score(given.test, truth))


def main() -> None:
    """Print a table: by set and kind, test accuracy, label accuracy, and the mean confidence beside it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--linear", action="store_true")
    asked = parser.parse_args()
    data = os.environ.get("LABELWORKS_DATA")
    found: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for seed in range(asked.seeds):
        for given in sets(Path(data) if data else None, seed):
            if asked.sets and given.name not in asked.sets:
                continue
            exact = tested(given, given.labels, given.truth)
            for name, made in KINDS.items():
                if asked.only and name not in asked.only:
                    continue
                seen = made(given, np.random.default_rng(1000 + seed))
                binary = "positive" in name
                true, truth = (
                    each >= given.classes // 2 if binary else each for each in (given.labels, given.truth)
                )
                probs = inferred(given, seen, asked.linear)
                labels, most = probs.argmax(axis=1), probs.max(axis=1)
                alone = (
                    tested(given, given.labels, given.truth, slice(100)) if name == "100 labelled" else np.nan
                )
                top = tested(given, true, truth) if binary else exact
                line = (top, tested(given, labels, truth), (labels == true).mean(), most.mean(), alone)
                found.setdefault((given.name, name), []).append(line)
                print(seed, given.name, name, np.round(line, 4), flush=True)
    heads = ("set", "kind", "exact", "inferred", "labels right", "claimed", "100 rows alone")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for (name, kind), lines in found.items():
        mean = np.mean(lines, axis=0)
        print(f"| {name} | {kind} | " + " | ".join("–" if np.isnan(v) else f"{v:.3f}" for v in mean) + " |")


if __name__ == "__main__":
    main()
