"""What adapting a frozen embedding, and its class names, do to finding wrong labels and to accuracy.

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/adapt.py [--embeddings FOLDER]

MiniLM vectors of banking77 and clinc150, a share of the labels flipped. Average precision of the error
probability of the noise-transition method, and agreement of out-of-sample predictions with the true labels.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
from noise_text import embedded, flip, texts
from sklearn.metrics import average_precision_score

from labelworks.schemas.config.detect import AdaptConfig, DetectConfig
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import judge_options

FOLDS = 5
PROBES = ("lda", "ridge", "prototype")
NOISES = (("uniform", 0.05), ("uniform", 0.2), ("similar", 0.2))
WAYS = {
    "none": DetectConfig(),
    "whiten": DetectConfig(adapt=AdaptConfig(method="whiten")),
    "discriminant": DetectConfig(adapt=AdaptConfig(method="discriminant")),
    "nmtune": DetectConfig(adapt=AdaptConfig(method="nmtune")),
    "none, zero-shot": DetectConfig(probes=(*PROBES, "zero-shot")),
    "none, zero-shot, query bank": DetectConfig(probes=(*PROBES, "zero-shot"), query_bank=True),
}


def main() -> None:
    """Print the table: ways down, sets and noises across."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--embeddings", type=Path, default=None)
    ask.add_argument("--repeats", type=int, default=3)
    chosen = ask.parse_args()
    data = Path(os.environ["LABELWORKS_DATA"])
    found: dict[str, list[str]] = {way: [] for way in WAYS}
    columns = []
    for text in texts(data, chosen.embeddings):
        names = embedded(f"{text.name}-names", names_of(data, text.name), chosen.embeddings)
        for kind, rate in NOISES:
            columns.append(f"{text.name} {kind} {rate:.0%}")
            for way, config in WAYS.items():
                runs = [judged(text, names, config, kind, rate, seed) for seed in range(chosen.repeats)]
                precision, accuracy, seconds = np.mean(runs, axis=0)
                found[way].append(f"{precision:.4f} / {accuracy:.4f} / {seconds:.1f}")
                print(columns[-1], way, found[way][-1], flush=True)
    print("\nAP / accuracy / CPU s\n\n| | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for way, cells in found.items():
        print(f"| {way} | " + " | ".join(cells) + " |")


def judged(
    text: object, names: np.ndarray, config: DetectConfig, kind: str, rate: float, seed: int
) -> list[float]:
    """Average precision, accuracy, CPU seconds of one draw."""
    rng = np.random.default_rng(seed)
    given = flip(text, rate, kind, rng).astype(np.int32)  # type: ignore[arg-type]
    features, true = text.features.astype(np.float32), text.labels  # type: ignore[attr-defined]
    folds = rng.permutation(len(given)) % FOLDS
    started = time.process_time()
    sums = FoldSums.of(features, given, folds, FOLDS, text.classes)  # type: ignore[attr-defined]
    sample = Sample(features, given, folds)
    vectors = names if "zero-shot" in config.probes else None
    model = NoiseJudge.fit(sums, sample, judge_options(config), class_vectors=vectors)
    error = model.judge(sample).error_probability
    seconds = time.process_time() - started
    accuracy = np.mean(model.probs(features, folds).argmax(axis=1) == true)
    return [average_precision_score(given != true, error), float(accuracy), seconds]


def names_of(data: Path, name: str) -> list[str]:
    """The classes as words."""
    import pyarrow.parquet as pq

    column = {"banking77": "category", "clinc150": "intent"}[name]
    table = pq.read_table(data / f"text/{name}.parquet").to_pandas()
    split = table["split"].to_numpy().astype(str)
    keep = split == "train" if name == "banking77" else ~np.char.startswith(split, "oos")
    return [each.replace("_", " ") for each in np.unique(table[column].to_numpy()[keep].astype(str))]


if __name__ == "__main__":
    main()
