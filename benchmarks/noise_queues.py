"""Texts in seven queues, a tenth of them wrongly: the default encoder and probes beside sparse TF-IDF.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/noise_queues.py [seeds]
Needs the bench extra. Intents of banking77 and clinc150 are dealt to the queues at random, so a queue is no
topic: this is harder than queues that people make. All columns are of the same run and the same folds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

sys.path.insert(0, str(Path(__file__).parents[1]))
from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.folds import fitted_on, fold_of, hash_ids
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import judge_options

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
ROWS, QUEUES, RATE = 4000, 7, 0.1
SETS = (("banking77", "category"), ("clinc150", "intent"))


def queues(name: str, column: str, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts and their true queues (ROWS,)."""
    table = pq.read_table(DATA / f"text/{name}.parquet").to_pandas()
    table = table[~table["split"].astype(str).str.startswith("oos")]
    rng = np.random.default_rng(seed)
    table = table.sample(ROWS, random_state=seed)
    names, codes = np.unique(table[column].astype(str), return_inverse=True)
    return table["text"].tolist(), rng.permutation(np.arange(len(names)) % QUEUES)[codes]


def flipped(true: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Given labels: a share of them another queue, any or the next one."""
    step = rng.integers(1, QUEUES, len(true)) if kind == "uniform" else 1
    return np.where(rng.random(len(true)) < RATE, (true + step) % QUEUES, true).astype(np.int32)


def ours(texts: list[str], given: np.ndarray, hashes: np.ndarray) -> Any:
    """What a run with the default settings judges of these rows."""
    encoder, column = make("tfidf", "text", {}), pa.array(texts)
    encoder.load(encoder.fit(column.filter(pa.array(fitted_on(hashes, encoder.fit_share)))))
    found = encoder.encode(column)
    sample = Sample(found.vectors.astype(np.float16), given, fold_of(hashes, 5), {"words": found.words})
    sums = FoldSums.of(sample.features, given, sample.folds, 5, QUEUES, sample.words)
    return NoiseJudge.fit(sums, sample, judge_options(DetectConfig())).judge(sample)


def sparse(texts: list[str], given: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Out-of-fold probabilities (N, K) of logistic regression on sparse TF-IDF."""
    folds = PredefinedSplit(fold_of(hashes, 5))
    features, model = TfidfVectorizer().fit_transform(texts), LogisticRegression(max_iter=1000)
    return np.asarray(cross_val_predict(model, features, given, cv=folds, method="predict_proba"))


def timed(work: Callable[..., Any], *values: Any) -> tuple[Any, float]:
    """Return the result and the CPU seconds it took."""
    start = time.process_time()
    return work(*values), time.process_time() - start


def main(seeds: int) -> None:
    """Print one row a set, kind of flip and seed."""
    from cleanlab.filter import find_label_issues

    print("| set | flips | seed | cleanlab F1 | detect on sparse F1 | default F1 | sparse AP | default AP "
          "| sparse s | default s |\n" + "|---" * 10 + "|")  # fmt: skip
    hashes = hash_ids(pa.array([f"row {row}" for row in range(ROWS)]))
    for name, column in SETS:
        for kind in ("uniform", "next"):
            for seed in range(seeds):
                texts, true = queues(name, column, seed)
                given = flipped(true, kind, np.random.default_rng(100 + seed))
                wrong = given != true
                probs, peer_seconds = timed(sparse, texts, given, hashes)
                found, seconds = timed(ours, texts, given, hashes)
                best = detect(given, probs.astype(np.float32), method="noise-transition")
                f1 = [
                    f1_score(wrong, each) for each in (find_label_issues(given, probs), best.flag, found.flag)
                ]
                ap = [average_precision_score(wrong, -each.score) for each in (best, found)]
                cells = [f"{each:.3f}".removeprefix("0") for each in (*f1, *ap)]
                cells += [f"{peer_seconds:.1f}", f"{seconds:.1f}"]
                print(f"| {name} | {kind} | {seed} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
