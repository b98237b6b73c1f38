"""Label shift and label noise at once: what a model gains that is trained on treated labels and weights.

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_weights.py [SEEDS [SET …]]

A source with wrong labels, an unlabelled target window of another class mix, and a test set of that mix with
true labels. One model, the multinomial of `validate`, is trained on raw labels, on treated ones, and on true
labels with true weights; told is the share of the gap between the first and the last that each arm recovers.
`adult`: accuracy of the worst of its four groups of sex and income. EMBEDDINGS names a folder for vectors.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from noise_text import Text, flip, texts

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.findings.target import shift_findings
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.noise import NoiseResult
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts
from labelworks.tasks.methods.treatment.weights.core.weigh import weigh_all
from labelworks.tasks.planning.values import judge_options, policy_of, shift_options

CONFIG = RunConfig.model_validate({"dataset": {"source": "x", "label": "y", "features": {"vector": "v"}}})
FOLDS = CONFIG.detect.folds
SEX, INCOME, ADULT = "sex", "income", 5000  # columns; rows that are learnt from
RATE = 0.2
THINNED = 0.2  # of its rows keeps a rare class
SIZES = {"digits": (800, 400), "banking77": (4000, 2000), "clinc150": (6000, 4000)}


@dataclass(frozen=True)
class Task:
    """Source with given and true labels, window without any, test with true ones; the true weights (K,)."""

    features: np.ndarray
    given: np.ndarray
    true: np.ndarray
    window: np.ndarray
    test: np.ndarray
    test_true: np.ndarray
    weights: np.ndarray


def sets(data: Path, names: list[str]) -> Iterator[Text]:
    """Digits as they are; banking77 and clinc150 as MiniLM sees them, where they are asked for."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    yield Text("digits", (digits.data / 16).astype(np.float32), digits.target, 10)
    if not names or {"banking77", "clinc150"}.intersection(names):
        kept = os.environ.get("EMBEDDINGS")
        yield from texts(data, Path(kept) if kept else None)


def drawn(data: Text, kind: str, shift: str, seed: int) -> Task:
    """`rare`: half of the source's classes keep a fifth of their rows; `dirichlet`: a target of drawn mix"""
    rng = np.random.default_rng(seed)
    given = flip(data, RATE, kind, rng)
    even = np.ones(data.classes)
    rare = np.where(rng.permutation(data.classes) < data.classes // 2, THINNED, 1.0)
    mixed = rng.dirichlet(even)
    before, after = (rare, even) if shift == "rare" else (even, mixed)
    pool, (sources, targets) = rng.permutation(len(data.labels)), SIZES[data.name]
    third = len(pool) // 4
    source = pool[2 * third :]
    source = source[rng.random(len(source)) < before[data.labels[source]]][:sources]
    window = by_mix(pool[:third], data.labels, after, targets, rng)
    test = by_mix(pool[third : 2 * third], data.labels, after, targets, rng)
    mixes = [each / each.sum() for each in (before, after)]
    return Task(
        data.features[source], given[source].astype(np.int32), data.labels[source].astype(np.int32),
        data.features[window], data.features[test], data.labels[test], mixes[1] / mixes[0],
    )  # fmt: skip


def by_mix(
    rows: np.ndarray, labels: np.ndarray, mix: np.ndarray, most: int, rng: np.random.Generator
) -> np.ndarray:
    """Rows drawn with replacement, so many, by a class mix."""
    count = np.bincount(labels[rows], minlength=len(mix))
    chance = (mix / np.maximum(count, 1))[labels[rows]]
    return rng.choice(rows, most, p=chance / chance.sum())


def judged(task: Task, classes: int) -> tuple[NoiseJudge, Sample, NoiseResult]:
    """The labels of the source, judged as a run judges them."""
    folds = np.arange(len(task.given)) % FOLDS
    sample = Sample(task.features, task.given, folds)
    plain = FoldSums.of(task.features, task.given, folds, FOLDS, classes)
    random = choose_random_features(
        plain, task.features, task.given, folds, None, CONFIG.detect.probes, own_units=False
    )
    sums = FoldSums.of(task.features, task.given, folds, FOLDS, classes, random=random) if random else plain
    model = NoiseJudge.fit(sums, sample, judge_options(CONFIG.detect))
    return model, sample, model.judge(sample)


def weights_of(
    task: Task, model: NoiseJudge, sample: Sample, found: NoiseResult, classes: int
) -> tuple[np.ndarray, np.ndarray, str | None]:
    """Weights (K,) that a run puts on classes, and those of an estimate that takes labels as true."""
    folds = np.arange(len(task.window)) % FOLDS
    window = Sample(task.window, np.zeros(len(folds), np.int32), folds)
    probs, window_probs = (model.probs(each.features, each.folds) for each in (sample, window))
    sums = FoldSums.of(task.features, task.given, sample.folds, FOLDS, classes)
    without = [sums.without(fold) for fold in range(FOLDS)]
    novelty = tuple(novelty_by_fold(without, each.features, each.folds) for each in (sample, window))
    told = shift_findings(
        sample, probs, window, window_probs, found.transition, shift_options(CONFIG.detect), novelty,
        [str(row) for row in folds], None, found.posterior,
    )  # fmt: skip
    blind = estimate_prior(sample.given, probs, window_probs, method=CONFIG.detect.shift.method)
    return np.array(told.findings.weights), blind.weights, told.findings.kind


def arms(task: Task, classes: int) -> tuple[dict[str, float], str | None]:
    """Accuracy on the test set by arm; the kind of shift that was found."""
    model, sample, found = judged(task, classes)
    policy = policy_of(CONFIG.treat)
    aware, blind, kind = weights_of(task, model, sample, found, classes)
    counts = np.bincount(task.given, minlength=classes)
    rows = with_few(JudgedLabels.of(task.given, found), policy, counts)
    cut = cut_of(rows, policy, Trust(tuple(undominated(found.transition, counts).tolist())), classes)

    def score(labels, weight):
        fit = get("models", CONFIG.validation.model).target
        predicted = fit(task.features, labels, weight, classes)(task.test).argmax(axis=1)
        return float(np.mean(predicted == task.test_true))

    def treated(weights):
        decided, weight = treat_rows(rows, cut, policy, weights)
        return score(decided.label, weight)

    return {
        "raw": score(task.given, None),
        "noise alone": treated(None),
        "shift alone": score(task.given, aware[task.given].astype(np.float32)),
        "noise-blind weights alone": score(task.given, blind[task.given].astype(np.float32)),
        "both, noise-blind weights": treated(blind),
        "both": treated(aware),
        "both, true weights": treated(task.weights),
        "true labels": score(task.true, None),
        "true labels, true weights": score(task.true, task.weights[task.true].astype(np.float32)),
    }, kind


def adult(data: Path, seeds: int) -> None:
    """Accuracy of the worst group of sex and income, by what rows are weighed by; beside it that of all."""
    table = pq.read_table(data / "shift/adult.parquet").to_pandas()
    sex, income = table[SEX].to_numpy(str), table[INCOME].to_numpy(str)
    rest = pd.get_dummies(
        table.drop(columns=[INCOME, SEX, "split", "__index_level_0__"], errors="ignore")
    ).to_numpy(np.float64)
    features = ((rest - rest.mean(axis=0)) / (rest.std(axis=0) + 1e-9)).astype(np.float32)
    labels = np.unique(income, return_inverse=True)[1].astype(np.int32)
    balance = {"class-balance": {"beta": 1.0}}
    choices = {
        "raw": (), "class balance": (balance,),
        "class and group balance": (balance, {"group-balance": {"column": "sex"}}),
    }  # fmt: skip
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in choices}
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(labels))
        train, test = order[:ADULT], order[ADULT : 4 * ADULT]
        rows = WeighedRows(labels[train], np.ones(ADULT, np.float32), columns={"sex": sex[train]})
        fit = get("models", CONFIG.validation.model).target
        for name, factors in choices.items():
            policy = policy_of(TreatConfig.model_validate({"weights": {"factors": factors}}))
            weight = weigh_all(rows, WeightFacts(), policy).weight
            right = fit(features[train], labels[train], weight, 2)(features[test]).argmax(1) == labels[test]
            cells = [right[(sex[test] == s) & (labels[test] == k)].mean() for s in set(sex) for k in (0, 1)]
            found[name].append((min(cells), right.mean()))
    for name, values in found.items():
        worst, mean = np.mean(values, axis=0)
        print(f"| adult | {name} | {worst:.3f} | {mean:.3f} |", flush=True)


def main(seeds: int, names: list[str]) -> None:
    data = Path(os.environ["LABELWORKS_DATA"])
    for each in sets(data, names):
        if names and each.name not in names:
            continue
        for kind, shift in product(("uniform", "similar"), ("rare", "dirichlet")):
            found = [arms(drawn(each, kind, shift, seed), each.classes) for seed in range(seeds)]
            rows = [row for row, _ in found]
            mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
            gap = mean["true labels, true weights"] - mean["raw"]
            shares = " | ".join(f"{(value - mean['raw']) / gap:.2f}" for value in mean.values())
            kinds = ", ".join(sorted({str(kind) for _, kind in found}))
            print(
                f"| {each.name} | {kind} | {shift} | {mean['raw']:.3f} → {mean['raw'] + gap:.3f} | {shares} "
                f"| {kinds} |",
                flush=True,
            )
    if not names or "adult" in names:
        adult(data, seeds)


if __name__ == "__main__":
    logging.disable()
    main(int(sys.argv[1]) if sys.argv[1:] else 4, sys.argv[2:])
