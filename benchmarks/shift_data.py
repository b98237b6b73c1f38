"""Labelled windows with out-of-sample probabilities, and target windows of the rest at known shifts."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

TRAIN = 0.5
CACHE = Path(os.environ.get("LABELWORKS_BENCH_CACHE", Path(tempfile.gettempdir()) / "labelworks-bench"))


def data() -> Path:
    """The folder of real data, or the end of the run."""
    if "LABELWORKS_DATA" not in os.environ:
        sys.exit("set LABELWORKS_DATA to the folder of the real data sets")
    return Path(os.environ["LABELWORKS_DATA"])


def window(name: str) -> dict[str, np.ndarray]:
    """labels (N,), probs (N, K) of the labelled half; pool_labels (M,), pool (M, K) of the other; cached."""
    path = CACHE / f"{name}.npz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(path, **_make(name))
    with np.load(path) as file:
        return {key: file[key] for key in file.files}


def _make(name: str) -> dict[str, np.ndarray]:
    if name == "letter":
        from sklearn.preprocessing import StandardScaler

        file = np.load(data() / "shift/letter.npz", allow_pickle=True)
        features = StandardScaler().fit_transform(file["X"].astype(float))
        return probed(features, np.unique(file["y"], return_inverse=True)[1], 1.0)
    if name in ("banking77", "clinc150"):
        return _text(name)
    file = np.load(data() / f"label_errors/{name}.npz", allow_pickle=True)
    labels, probs = file["labels"].astype(int), file["pred_probs"].astype(np.float32)
    order = np.random.default_rng(0).permutation(len(labels))
    source, rest = np.split(order, [len(order) // 2])
    return {
        "labels": labels[source],
        "probs": probs[source],
        "pool_labels": labels[rest],
        "pool": probs[rest],
    }


def _text(name: str) -> dict[str, np.ndarray]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    frame = pd.read_parquet(data() / f"text/{name}.parquet")
    frame = frame[~frame["split"].str.startswith("oos")]
    labels = np.unique(frame["category" if "category" in frame else "intent"], return_inverse=True)[1]
    tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return probed(tfidf.fit_transform(frame["text"]), labels, 10.0)


def probed(features, labels: np.ndarray, C: float) -> dict[str, np.ndarray]:
    """Logistic regression: five-fold out-of-sample on the labelled half, trained on it for the other."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    order = np.random.default_rng(0).permutation(len(labels))
    source, rest = np.split(order, [int(TRAIN * len(order))])
    probe, folds = LogisticRegression(C=C, max_iter=300), StratifiedKFold(5, shuffle=True, random_state=0)
    probs = cross_val_predict(probe, features[source], labels[source], method="predict_proba", cv=folds)
    pool = probe.fit(features[source], labels[source]).predict_proba(features[rest])
    return {
        "labels": labels[source], "probs": probs.astype(np.float32),
        "pool_labels": labels[rest], "pool": pool.astype(np.float32),
    }  # fmt: skip


def shifted(kind: str, rng: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """The prior of a target window: none, dirichlet-a, tweak-a (one class gets a), knock-out."""
    K = len(base)
    what, _, amount = kind.partition("-")
    if kind == "none":
        return base
    if what == "dirichlet":
        return rng.dirichlet(np.full(K, float(amount)))
    share = float(amount) if what == "tweak" else 0.1 / K
    prior = np.full(K, (1 - share) / (K - 1))
    prior[rng.integers(K)] = share
    return prior


def draw(found: dict[str, np.ndarray], prior: np.ndarray, rows: int, rng: np.random.Generator):
    """Rows of the pool with labels drawn from the prior: probabilities (rows, K), their class shares (K,)."""
    labels, K = found["pool_labels"], found["probs"].shape[1]
    members = [np.flatnonzero(labels == k) for k in range(K)]
    counts = rng.multinomial(rows, prior)
    counts = np.where([len(member) > 0 for member in members], counts, 0)
    chosen = [
        rng.choice(members[k], counts[k], replace=counts[k] > len(members[k])) for k in range(K) if counts[k]
    ]
    picked = np.concatenate(chosen)
    return found["pool"][picked], np.bincount(labels[picked], minlength=K) / len(picked)
