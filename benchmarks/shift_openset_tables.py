"""Share of unknown rows under label shift alone, and beside classes held out: letter, banking77, made tables.

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/shift_openset_tables.py 40 [SHARE …] [TABLE …]

Windows of 1,000 rows whose known part has a Dirichlet 1 prior. SHARE: 0, 0.1, 0.3; with one, a seventh of the
classes is held out of the labelled rows and fills so much of the window.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from shift_data import data
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from labelworks.tasks.methods.open_set.estimate import open_set
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.statistics.sums import FoldSums

ROWS, FOLDS, LABELLED, MADE = 1000, 5, 3000, 12_000
Table = tuple[np.ndarray, np.ndarray]


def gaussian(rng: np.random.Generator, classes: int, width: int = 8) -> Table:
    """Normal classes, each of a covariance of its own."""
    labels = rng.choice(classes, MADE, p=rng.dirichlet(np.full(classes, 5.0)))
    turns = 0.35 * rng.normal(size=(classes, width, width)) + np.eye(width) * rng.uniform(
        0.5, 1.3, (classes, 1, 1)
    )
    means = rng.normal(size=(classes, width)) * rng.uniform(1.0, 1.8)
    return means[labels] + np.einsum("nij,nj->ni", turns[labels], rng.normal(size=(MADE, width))), labels


def clusters(rng: np.random.Generator, classes: int, width: int = 6) -> Table:
    """Classes of three heavy-tailed clusters each."""
    labels = rng.choice(classes, MADE, p=rng.dirichlet(np.full(classes, 4.0)))
    means = rng.normal(size=(classes, 3, width)) * rng.uniform(1.2, 2.2)
    part, spread = rng.integers(3, size=MADE), rng.uniform(0.4, 1.2, (classes, 3))
    noise = rng.standard_t(4, size=(MADE, width)) * spread[labels, part][:, None]
    return means[labels, part] + noise, labels


def tree(rng: np.random.Generator, classes: int, width: int = 10) -> Table:
    """Skewed and discrete columns, labelled by a tree of 64 leaves; one row in twelve by chance."""
    hidden = rng.normal(size=(MADE, width))
    leaf = np.zeros(MADE, dtype=int)
    for depth in range(6):
        column, cut = rng.integers(width, size=2**depth), 0.4 * rng.normal(size=2**depth)
        leaf = 2 * leaf + (hidden[np.arange(MADE), column[leaf]] > cut[leaf])
    names = rng.permutation(np.concatenate([np.arange(classes), rng.integers(classes, size=64 - classes)]))
    labels = np.where(rng.random(MADE) < 1 / 12, rng.integers(classes, size=MADE), names[leaf])
    skewed = [np.exp(hidden[:, :2]), np.round(2 * hidden[:, 2:4]), hidden[:, 4:5] > 0.5, hidden[:, 5:]]
    return np.concatenate(skewed, axis=1), labels


def letter() -> Table:
    """UCI letters."""
    file = np.load(data() / "shift/letter.npz", allow_pickle=True)
    return file["X"].astype(float), np.unique(file["y"], return_inverse=True)[1]


def banking77() -> Table:
    """Its texts as 128 directions of their TF-IDF."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    frame = pd.read_parquet(data() / "text/banking77.parquet")
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(frame["text"])
    rows = TruncatedSVD(128, random_state=0).fit_transform(words)
    return rows, np.unique(frame["category"], return_inverse=True)[1]


def tables() -> dict[str, tuple[Callable[[], Table], ClassifierMixin]]:
    """How each table is made, and the classifier that judges it."""
    probes = (
        LogisticRegression(max_iter=300),
        RandomForestClassifier(100, min_samples_leaf=3, random_state=0),
    )
    found = {"letter": (letter, probes[0]), "letter-forest": (letter, probes[1])}
    found["banking77"] = (banking77, probes[0])
    for seed, (make, classes) in enumerate(
        (make, classes) for make in (gaussian, clusters, tree) for classes in (3, 7, 12)
    ):
        rows = lambda make=make, classes=classes, seed=seed: make(np.random.default_rng(seed), classes)  # noqa: E731
        found[f"{make.__name__}-{classes}"] = (rows, probes[seed % 2])
    return found


def judged(table: Table, probe: ClassifierMixin, held: np.ndarray) -> dict[str, np.ndarray]:
    """Labelled rows by probes without their fold, all others by probes without a fold drawn for them."""
    rows, labels = StandardScaler().fit_transform(table[0]), table[1]
    outside = np.isin(labels, held)
    codes = np.unique(labels[~outside], return_inverse=True)[1]
    order = np.random.default_rng(1).permutation(len(codes))
    size = LABELLED if len(rows) == MADE else len(order) // 2
    source, pool = rows[~outside][order[:size]], np.concatenate([rows[~outside][order[size:]], rows[outside]])
    given, folds = codes[order[:size]], np.empty(size, dtype=int)
    probs = np.empty((size, codes.max() + 1), np.float32)
    others, of = np.empty((len(pool), codes.max() + 1), np.float32), np.arange(len(pool)) % FOLDS
    cuts = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(source, given)
    for fold, (train, rest) in enumerate(cuts):
        fitted, folds[rest] = probe.fit(source[train], given[train]), fold
        probs[rest], others[of == fold] = (
            fitted.predict_proba(source[rest]),
            fitted.predict_proba(pool[of == fold]),
        )
    sums = FoldSums.of(source.astype(np.float32), given.astype(np.int32), folds, FOLDS, codes.max() + 1)
    without = [sums.without(fold) for fold in range(FOLDS)]
    truth = np.concatenate([codes[order[size:]], np.full(int(outside.sum()), -1)])
    return {
        "labels": given, "probs": probs, "novelty": novelty_by_fold(without, source, folds),
        "pool": others, "pool_labels": truth, "pool_novelty": novelty_by_fold(without, pool, of),
    }  # fmt: skip


def window(found: dict[str, np.ndarray], share: float, rng: np.random.Generator) -> np.ndarray:
    """Rows of the pool: so many of held-out classes, the others at a Dirichlet 1 prior."""
    classes, labels = found["probs"].shape[1], found["pool_labels"]
    strange = int(share * ROWS)
    counts = rng.multinomial(ROWS - strange, rng.dirichlet(np.ones(classes)))
    outside = np.flatnonzero(labels == -1)
    picked = [rng.choice(outside, strange, replace=strange > len(outside))] if strange else []
    for k in np.flatnonzero(counts):
        members = np.flatnonzero(labels == k)
        picked.append(rng.choice(members, counts[k], replace=counts[k] > len(members)))
    return np.concatenate(picked)


def main(windows: int, shares: list[float], names: list[str]) -> None:
    """Print a row for every table and share."""
    print(
        "| table | true | claimed | mean absolute error | largest | interval holds it |\n" + "|---" * 6 + "|"
    )
    for name, (make, probe) in tables().items():
        if names and name not in names:
            continue
        table = make()
        classes = int(table[1].max()) + 1
        for share in shares:
            few = np.random.default_rng(5).choice(classes, max(1, classes // 7), replace=False)
            found = judged(table, probe, few if share else few[:0])
            made = []
            for seed in range(windows):
                rows = window(found, share, np.random.default_rng(seed))
                made.append(
                    open_set(
                        found["labels"], found["probs"], found["pool"][rows],
                        found["novelty"], found["pool_novelty"][rows],
                    )
                )  # fmt: skip
            claimed = np.array([each.share for each in made])
            held = np.mean([each.interval[0] <= share <= each.interval[1] for each in made])
            print(
                f"| {name} | {share} | {claimed.mean():.3f} | {np.abs(claimed - share).mean():.3f} | "
                f"{claimed.max():.2f} | {held:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    logging.disable()
    asked = sys.argv[2:]
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 40,
        [float(word) for word in asked if word[0].isdigit()] or [0.0, 0.1, 0.3],
        [word for word in asked if not word[0].isdigit()],
    )
