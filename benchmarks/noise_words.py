"""The default encoder and probes of texts beside sparse TF-IDF with logistic regression, real and made texts.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/noise_words.py [seeds] [set …]
Both sides of a row have the same labels, folds and method (`auto`): what differs is the probabilities.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_texts import Kind, made

from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.artifacts.vectors.embeddings import write_vectors
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.folds import fitted_on, fold_of, hash_ids
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.storage.store import Store

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
FLIPS = (
    ("uniform", 0.05),
    ("uniform", 0.2),
    ("pair", 0.05),
    ("pair", 0.2),
    ("similar", 0.05),
    ("similar", 0.2),
)
MADE = {
    "5 queues, short": Kind(2000, 5, 8),
    "7 queues": Kind(4000, 7, 14),
    "7 queues, 500 rows": Kind(500, 7, 20, topical=0.3),
    "7 queues, 20,000 rows": Kind(20_000, 7, 14),
    "40 queues": Kind(6000, 40, 14, intents=2),
    "4 queues, long": Kind(2000, 4, 120, topical=0.06),
    "20 queues, long": Kind(3000, 20, 80, topical=0.08, intents=3),
    "6 queues, Cyrillic": Kind(3000, 6, 14, script="cyrillic"),
    "6 queues, Han": Kind(3000, 6, 14, script="han"),
    "2 uneven queues": Kind(1500, 2, 16, uneven=0.7),
}
Texts = tuple[list[str], np.ndarray]


def real(name: str, column: str, rows: int | None = None, queues: int = 0, seed: int = 0) -> Texts:
    """A real set, or a part of it; queues: its classes dealt to so many at random."""
    table = pq.read_table(DATA / f"text/{name}.parquet").to_pandas()
    table = table[~table["split"].astype(str).str.startswith("oos")]
    table = table.sample(rows or len(table), random_state=seed)
    names, codes = np.unique(table[column].astype(str), return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(np.arange(len(names)) % (queues or len(names)))
    return table["text"].tolist(), dealt[codes]


SETS: dict[str, Callable[[int], Texts]] = {
    "banking77": lambda seed: real("banking77", "category", seed=seed),
    "clinc150": lambda seed: real("clinc150", "intent", 15_000, seed=seed),
    "banking77, 7 queues": lambda seed: real("banking77", "category", 4000, 7, seed),
    "clinc150, 7 queues": lambda seed: real("clinc150", "intent", 4000, 7, seed),
    "banking77, 3 queues": lambda seed: real("banking77", "category", 1000, 3, seed),
    **{name: lambda seed, kind=kind: made(kind, seed) for name, kind in MADE.items()},
}


def flipped(
    true: np.ndarray, kind: str, rate: float, rng: np.random.Generator, alike: np.ndarray
) -> np.ndarray:
    """Given labels: a share of them any other class, the next one, or the one whose words are most alike."""
    classes = true.max() + 1
    others = {"uniform": (true + rng.integers(1, classes, len(true))) % classes,
              "pair": (true + 1) % classes, "similar": alike[true]}  # fmt: skip
    return np.where(rng.random(len(true)) < rate, others[kind], true).astype(np.int32)


def most_alike(weights: sparse.csr_array, true: np.ndarray) -> np.ndarray:
    """The class (K,) whose mean of TF-IDF is nearest by cosine."""
    member = sparse.csr_array((np.ones(len(true)), (true, np.arange(len(true)))))
    means = (member @ weights).toarray()
    means /= np.linalg.norm(means, axis=1, keepdims=True) + 1e-12
    alike = means @ means.T
    np.fill_diagonal(alike, -1)
    return alike.argmax(axis=1)


def embedded(texts: list[str], hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, float, float]:
    """Vectors and words as a run keeps them, rows a second, bytes a row."""
    encoder, column = make("tfidf", "text", {}), pa.array(texts)
    encoder.load(
        encoder.fit(column.filter(pa.array(fitted_on(hashes, encoder.fit_share)))[: encoder.fit_rows])
    )
    start = time.process_time()
    batches = [
        encoder.encode(column[at : at + encoder.batch_rows])
        for at in range(0, len(texts), encoder.batch_rows)
    ]
    seconds = time.process_time() - start
    vectors = np.concatenate([batch.vectors for batch in batches]).astype(np.float16)
    spoken = [batch.words for batch in batches if batch.words is not None]
    words = np.concatenate(spoken) if spoken else None
    with tempfile.TemporaryDirectory() as folder:
        write_vectors(Store(folder), "part.parquet", vectors, [None] * len(texts), hashes, words)
        size = (Path(folder) / "part.parquet").stat().st_size
    return vectors, words, len(texts) / seconds, size / len(texts)


def ours(vectors: np.ndarray, words: np.ndarray | None, given: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Probabilities (N, K) of the default probes, each row's by such as didn't see its fold."""
    sums = FoldSums.of(vectors, given, folds, 5, int(given.max()) + 1, words)
    probes = ProbeEnsemble.fit(sums, DetectConfig().probes).calibrate(vectors, given, folds, words)
    return np.exp(probes.log_probs(vectors, folds, words))


def peer(weights: sparse.csr_array, given: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Out-of-fold probabilities (N, K) of logistic regression on sparse TF-IDF."""
    model = LogisticRegression(max_iter=500)
    return np.asarray(
        cross_val_predict(model, weights, given, cv=PredefinedSplit(folds), method="predict_proba")
    )


def judged(probs: np.ndarray, given: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """F1 of the flagged and average precision of the ranking, by `auto`."""
    found, wrong = detect(given, probs.astype(np.float32), method="auto"), given != true
    return float(f1_score(wrong, found.flag)), float(average_precision_score(wrong, -found.score))


def compared(name: str, seed: int) -> list[np.ndarray]:
    """Print a row for each kind of flip of a set; return how far the default is ahead in F1 and AP."""
    texts, true = SETS[name](seed)
    hashes = hash_ids(pa.array([f"row {row}" for row in range(len(texts))]))
    folds, weights = fold_of(hashes, 5), TfidfVectorizer().fit_transform(texts)
    vectors, words, speed, size = embedded(texts, hashes)
    alike, apart = most_alike(weights, true), []
    for kind, rate in FLIPS:
        given = flipped(true, kind, rate, np.random.default_rng(100 + seed), alike)
        times = [time.process_time()]
        other = judged(peer(weights, given, folds), given, true)
        times.append(time.process_time())
        own = judged(ours(vectors, words, given, folds), given, true)
        times.append(time.process_time())
        figures = [f"{each:.3f}" for each in (other[0], own[0], other[1], own[1])]
        cells = [*figures, *(f"{each:.1f}" for each in np.diff(times)), f"{speed:,.0f}", f"{size:,.0f}"]
        print(f"| {name} | {kind} {rate} | {seed} | {' | '.join(cells)} |", flush=True)
        apart.append(np.subtract(own, other))
    return apart


def main(seeds: int, chosen: list[str]) -> None:
    """Print a row a set, kind of flip and seed, then how far apart the two sides are by set."""
    sides = "peer F1 | default F1 | peer AP | default AP | peer s | default s"
    print(f"| set | flips | seed | {sides} | rows/s | bytes |\n" + "|---" * 11 + "|")
    ahead = {}
    for name in chosen or list(SETS):
        ahead[name] = np.array([compared(name, seed) for seed in range(seeds)])  # (seeds, flips, 2)
    print("\n| set | F1 ahead | least, of a kind of flip | AP ahead | least |\n" + "|---" * 5 + "|")
    for name, each in ahead.items():
        kinds = each.mean(axis=0)
        cells = [f"{value:+.3f}" for pair in zip(kinds.mean(0), kinds.min(0), strict=True) for value in pair]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1, sys.argv[2:])
