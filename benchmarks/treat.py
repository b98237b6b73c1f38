"""Labels after treatment, by objective, beside what cleanlab's issues and the likeliest class make of them.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat.py [cifar letter rare] [--seeds 5]
Needs the bench extra. Truth scores; nothing else sees it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.made_texts import Kind, made
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.noise import NoiseResult, detect
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import judge_options, policy_of

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning")
LINEAR = ("lda", "ridge", "prototype")
LETTERS, FOLDS, WIDTH = 10, 5, 64
MADE = {
    "5 queues, short": Kind(4000, 5, 12),
    "8 queues, long": Kind(4000, 8, 50),
    "6 queues, Cyrillic": Kind(4000, 6, 20, script="cyrillic"),
}
RARE = 0.01  # of the rows
Rows = Iterator[list[str]]
Labels = np.ndarray


def cifar(options: argparse.Namespace) -> Rows:
    """Twelve noises of CIFAR-10: label accuracy, and of objective precision what was reached."""
    from cleanlab.filter import find_label_issues

    del options
    yield [
        "sparsity/noise", "given", "likeliest", "cleanlab, best of 4", "accuracy", ".9: precision",
        ".9: of errors", ".95: precision", ".95: of errors",
    ]  # fmt: skip
    data = np.load(DATA / "cifar10_confident_learning/cl_cifar10.npz")
    true, means = data["true"], []
    for noise in (2, 4, 6):
        for sparsity in (0, 2, 4, 6):
            given = data[f"s_{sparsity}_{noise}"].astype(np.int32)
            probs = data[f"p_{sparsity}_{noise}"].astype(np.float32)
            probs /= probs.sum(axis=1, keepdims=True)
            top = probs.argmax(axis=1)
            issues = [find_label_issues(given, probs, filter_by=by, n_jobs=1) for by in FILTERS]
            peers = [(np.where(issue, top, given) == true).mean() for issue in issues]
            found = detect(given, probs, posterior=True)
            ours = (treated(given, found, "accuracy") == true).mean()
            accuracies = [(given == true).mean(), (top == true).mean(), max(peers), ours]
            means.append(accuracies)
            kept = [
                figure
                for share in (0.9, 0.95)
                for figure in changes(given, treated(given, found, {"precision": share}), true)[1:]
            ]
            yield [f".{sparsity} / {({2: 20, 4: 40, 6: 70})[noise]} %", *map(figure_of, (*accuracies, *kept))]
    yield ["mean", *map(figure_of, np.mean(means, axis=0)), "", "", "", ""]


def letter(options: argparse.Namespace) -> Rows:
    """Ten letters, 1,000 and 1,600 rows, linear probes: what changes at a claim of .8, and by objective."""
    yield ["flipped", "given", "claim .8: changed", "precision", "precision .9: changed", "precision",
           "accuracy: labels right", "likeliest: labels right"]  # fmt: skip
    data = np.load(DATA / "shift/letter.npz", allow_pickle=False)
    names, numbers = np.unique(data["y"], return_inverse=True)
    kinds = ("uniform", "similar", "pairs")
    settings = [(0.0, "uniform"), *((rate, kind) for rate in (0.1, 0.2, 0.4) for kind in kinds)]
    for rate, kind in settings:
        sums: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(2))
        for seed in range(options.seeds):
            for count in (1000, 1600):
                rng = np.random.default_rng(seed)
                chosen = np.sort(rng.choice(len(names), LETTERS, replace=False))
                rows = rng.permutation(np.flatnonzero(np.isin(numbers, chosen)))[:count]
                features = StandardScaler().fit_transform(data["X"][rows]).astype(np.float32)
                true = np.searchsorted(chosen, numbers[rows])
                given = flipped(features, true, rate, kind, np.random.default_rng([seed, count]))
                found, probs = judged(features, given, LETTERS)
                sums["given"] += (np.count_nonzero(given == true), count)
                for name, said in (("claim", {"threshold": 0.8}), ("share", {"precision": 0.9})):
                    labels = treated(given, found, said)
                    changed = labels != given
                    sums[f"{name} changed"] += (np.count_nonzero(changed), count)
                    sums[f"{name} right"] += (np.count_nonzero((labels == true) & changed), changed.sum())
                sums["accuracy"] += (np.count_nonzero(treated(given, found, "accuracy") == true), count)
                sums["likeliest"] += (np.count_nonzero(probs.argmax(axis=1) == true), count)
        shares = (part / whole if whole else np.nan for part, whole in sums.values())
        yield [f"{rate:.0%} {kind}", *map(figure_of, shares)]


def rare(options: argparse.Namespace) -> Rows:
    """Made texts with a class of 1 % of the rows: its recall and how many of its right labels left."""
    yield ["set", "flipped", "recall before", "accuracy", "precision .9", "claim .8", "least of the seeds",
           "likeliest", "labels right before", "accuracy", "precision .9"]  # fmt: skip
    objectives: list[Any] = ["accuracy", {"precision": 0.9}, {"threshold": 0.8}]
    for name, kind in MADE.items():
        for rate in (0.0, 0.1, 0.2):
            found = []
            for seed in range(min(options.seeds, 3)):
                features, true = texts_with_rare(kind, seed)
                given = flipped(features, true, rate, "uniform", np.random.default_rng([seed, 7]))
                result, probs = judged(features, given, kind.queues)
                of_it = true == 0
                all_labels = [given, *(treated(given, result, objective) for objective in objectives)]
                recalls = [(labels[of_it] == 0).mean() for labels in all_labels]
                likeliest = (probs.argmax(axis=1)[of_it] == 0).mean()
                least = min(recall - recalls[0] for recall in recalls[1:])
                right = [(labels == true).mean() for labels in all_labels[:3]]
                found.append([*recalls, least, likeliest, *right])
            means = np.mean(found, axis=0)
            means[len(all_labels)] = np.min(found, axis=0)[len(all_labels)]
            yield [name, f"{rate:.0%}", *map(figure_of, means)]


def texts_with_rare(kind: Kind, seed: int) -> tuple[np.ndarray, Labels]:
    """Vectors of made texts (N, WIDTH) and their queues (N,), of which the first has but RARE of the rows."""
    from sklearn.decomposition import TruncatedSVD

    texts, queue = made(kind, seed)
    few = np.flatnonzero(queue == 0)[round(RARE * len(queue)) :]
    kept = np.setdiff1d(np.arange(len(queue)), few)
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True).fit_transform(
        [texts[row] for row in kept]
    )
    vectors = TruncatedSVD(WIDTH, random_state=seed).fit_transform(words)
    return vectors.astype(np.float32), queue[kept]


def judged(features: np.ndarray, given: Labels, classes: int) -> tuple[NoiseResult, np.ndarray]:
    """What a run finds of labels (N,) with linear probes; their probabilities (N, K)."""
    folds = np.random.default_rng(0).integers(0, FOLDS, len(given))
    sample = Sample(features, given, folds)
    sums = FoldSums.of(features, given, folds, FOLDS, classes)
    judge = NoiseJudge.fit(sums, sample, judge_options(DetectConfig(probes=LINEAR)))
    return judge.judge(sample), judge.label_probs(sample)


def treated(given: Labels, found: NoiseResult, objective: Any) -> Labels:
    """Labels (N,) after treatment, as a run treats them."""
    policy, classes = policy_of(TreatConfig(objective=objective)), len(found.transition)
    counts = np.bincount(given, minlength=classes)
    rows = with_few(JudgedLabels.of(given, found), policy, counts)
    trust = Trust(tuple(undominated(found.transition, counts).tolist()), doubt=found.doubt)
    return treat_rows(rows, cut_of(rows, policy, trust, classes), policy, None)[0].label


def changes(given: Labels, labels: Labels, true: Labels) -> tuple[float, float, float]:
    """Share of the labels that changed, of these that are right now, and of all errors that were mended."""
    changed, right = labels != given, (labels == true) & (labels != given)
    precision = right.sum() / changed.sum() if changed.any() else np.nan
    return changed.mean(), precision, right.sum() / max(np.count_nonzero(given != true), 1)


def flipped(
    features: np.ndarray, true: Labels, rate: float, kind: str, rng: np.random.Generator
) -> np.ndarray:
    """Labels (N,) of which a share is wrong: any other class, one of the three nearest, or always one."""
    classes = int(true.max()) + 1
    given, wrong = true.copy(), rng.random(len(true)) < rate
    if kind == "uniform":
        other = (true + rng.integers(1, classes, len(true))) % classes
    elif kind == "similar":
        means = np.stack([features[true == k].mean(axis=0) for k in range(classes)])
        apart = np.linalg.norm(means[:, None] - means, axis=2)
        np.fill_diagonal(apart, np.inf)
        other = np.argsort(apart, axis=1)[true, rng.integers(0, min(3, classes - 1), len(true))]
    else:
        order = rng.permutation(classes)
        other = order[(np.argsort(order) + 1) % classes][true]
    given[wrong] = other[wrong]
    return given.astype(np.int32)


def figure_of(value: float) -> str:
    """A number of the table; none where nothing changed."""
    return "–" if np.isnan(value) else f"{value:.3f}"


def main() -> None:
    """Print the tables that were asked for."""
    parts = {"cifar": cifar, "letter": letter, "rare": rare}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(parts))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for name in options.parts:
        rows = parts[name](options)
        head = next(rows)
        print(f"\n{parts[name].__doc__}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
