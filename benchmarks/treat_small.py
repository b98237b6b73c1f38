"""Claims of changes on small data: how many of the labels changed at a promised precision are right.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_small.py [PART …] [--sets 900]
Parts: made, tables, example, queue, queue_tables; the last two are of the order in which people look at rows.
made: mixtures of Gaussians and of heavier tails, 200 to 2,000 rows, 2 to 20 classes. tables: rows of digits,
letters, gas sensors, wines and tumours. The truth scores, nothing else sees it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import labelworks as lw
from benchmarks.treat import LINEAR, figure_of, flipped, treated
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.noise import NoiseResult
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.decisions import RELABEL, REVIEW, decide
from labelworks.tasks.methods.treatment.review_order import removed_by_look
from labelworks.tasks.methods.treatment.treat_rows import cut_of, with_few
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import judge_options, policy_of

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
FOLDS = 5
OBJECTIVES = {
    "precision .9": {"precision": 0.9},
    "precision .95": {"precision": 0.95},
    "claim .8": {"threshold": 0.8},
}
KNOWS = 0.7  # of the true classes: a model that knows fewer is counted apart
LOOKS = {"that wait": (0.1, 0.25, 0.5), "all": (0.02, 0.05, 0.1)}  # at shares of such rows
CLEAN = 0.01  # of clean labels may change
SHAPES = ("round", "oblong", "three modes", "heavy tails")


@dataclass(frozen=True)
class Rows:
    """Features (N, D), true and given classes (N,), how labels went wrong, with the usual probes or few."""

    features: np.ndarray
    true: np.ndarray
    given: np.ndarray
    noise: str
    probes: tuple[str, ...] | None


def made(sets: int) -> Iterator[Rows]:
    """Made sets of all kinds, drawn by seed."""
    for seed in range(sets):
        rng = np.random.default_rng([seed, 77])
        classes, count = (
            int(rng.choice([2, 3, 5, 8, 12, 20])),
            int(rng.choice([200, 400, 700, 900, 1400, 2000])),
        )
        width, shape = int(rng.choice([8, 16, 48])), str(rng.choice(SHAPES))
        features, true = mixture(rng, (count, width), classes, shape, float(rng.choice([2.0, 3.0, 4.0, 5.5])))
        if rng.random() < 0.2:  # the first class becomes rare
            few = np.flatnonzero(true == 0)[max(8, count // 50) :]
            features, true = np.delete(features, few, axis=0), np.delete(true, few)
        kind = str(rng.choice(["uniform", "similar", "pairs", "near the border", "in a region"]))
        rate = float(rng.choice([0, 0.05, 0.1, 0.2, 0.4], p=[0.2, 0.2, 0.25, 0.2, 0.15]))
        given = wrong_labels(rng, features, true, rate, kind) if rate else true.astype(np.int32)
        probes = LINEAR if rng.random() < 0.4 else None
        yield Rows(features, true, given, kind if rate else "clean", probes)


def mixture(
    rng: np.random.Generator, shape: tuple[int, int], classes: int, kind: str, apart: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N, D) of classes (N,) whose means lie so far apart."""
    true = rng.choice(classes, shape[0], p=rng.dirichlet(np.full(classes, 8.0)))
    modes = 3 if kind == "three modes" else 1
    means = rng.normal(size=(classes, modes, shape[1])) * apart * 1.7 / np.sqrt(shape[1])
    noise = rng.standard_t(3, shape) if kind == "heavy tails" else rng.normal(size=shape)
    if kind == "oblong":
        axes = rng.normal(size=(classes, shape[1], shape[1])) / np.sqrt(shape[1])
        noise = np.einsum("nd,nde->ne", noise, (axes * rng.uniform(0.4, 1.8, (classes, 1, 1)))[true])
    return (means[true, rng.integers(0, modes, len(true))] + noise).astype(np.float32), true


def wrong_labels(
    rng: np.random.Generator, features: np.ndarray, true: np.ndarray, rate: float, kind: str
) -> np.ndarray:
    """Labels (N,) of which about such a share is wrong; in two kinds errors go with the features."""
    classes = int(true.max()) + 1
    if kind in ("uniform", "similar", "pairs"):
        return flipped(features, true, rate, kind, rng)
    given, places = true.astype(np.int32), np.arange(len(true))
    other = (true + rng.integers(1, classes, len(true))) % classes
    if kind == "in a region":  # a third of the space, where up to .45 are wrong
        along = features @ rng.normal(size=features.shape[1])
        wrong = (along > np.quantile(along, 0.7)) & (rng.random(len(true)) < min(rate / 0.3, 0.45))
    else:  # to the nearest other class, the more often the nearer it is
        means = np.stack([features[true == k].mean(axis=0) for k in range(classes)])
        far = np.linalg.norm(features[:, None] - means, axis=2)
        own, far[places, true] = far[places, true].copy(), np.inf
        gap = far.min(axis=1) - own
        odds = np.exp(-(gap - gap.mean()) / gap.std())
        other, wrong = far.argmin(axis=1), rng.random(len(true)) < np.clip(odds / odds.mean() * rate, 0, 0.9)
    given[wrong] = other[wrong]
    return given


def tables(sets: int) -> Iterator[Rows]:
    """Parts of real tables, of 150 to 1,600 rows."""
    known = list(real_tables().values())
    for seed in range(sets):
        rng = np.random.default_rng([seed, 78])
        features, true = known[seed % len(known)]
        count = int(rng.choice([200, 400, 800, 1600]))
        rows = rng.permutation(len(true))[:count]
        rows = rows[np.bincount(true[rows], minlength=true.max() + 1)[true[rows]] >= 5]
        classes, true_of = np.unique(true[rows], return_inverse=True)
        if len(classes) < 2:
            continue
        part = features[rows] - features[rows].mean(axis=0)
        part = (part / (part.std(axis=0) + 1e-6)).astype(np.float32)
        kind = str(rng.choice(["uniform", "similar", "pairs", "near the border", "in a region"]))
        rate = float(rng.choice([0, 0.05, 0.1, 0.2, 0.4], p=[0.2, 0.2, 0.25, 0.2, 0.15]))
        given = wrong_labels(rng, part, true_of, rate, kind) if rate else true_of.astype(np.int32)
        yield Rows(part, true_of, given, kind if rate else "clean", LINEAR if rng.random() < 0.4 else None)


def real_tables() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Features and classes by name."""
    from sklearn import datasets

    letter, gas = np.load(DATA / "shift/letter.npz"), np.load(DATA / "shift/gas_drift.npz")
    found = {
        name: getattr(datasets, f"load_{name}")(return_X_y=True)
        for name in ("digits", "wine", "breast_cancer")
    }
    found["letter"] = letter["X"], np.unique(letter["y"], return_inverse=True)[1]
    found["gas"] = gas["X"][:, 1:], np.unique(gas["y"], return_inverse=True)[1]
    return {name: (np.asarray(x, np.float64), np.asarray(y)) for name, (x, y) in found.items()}


def judged(rows: Rows) -> tuple[NoiseResult, float, np.ndarray]:
    """What a run finds of the labels, how many of the true classes its probes know, their probabilities."""
    classes = int(max(rows.true.max(), rows.given.max())) + 1
    folds = np.random.default_rng(0).integers(0, FOLDS, len(rows.given))
    sample = Sample(rows.features, rows.given, folds)
    sums = FoldSums.of(rows.features, rows.given, folds, FOLDS, classes)
    options = DetectConfig() if rows.probes is None else DetectConfig(probes=rows.probes)
    judge = NoiseJudge.fit(sums, sample, judge_options(options))
    probs = judge.label_probs(sample)
    return judge.judge(sample), float((probs.argmax(axis=1) == rows.true).mean()), probs


def table(found: Iterator[Rows]) -> Iterator[list[str]]:
    """A row a kind of noise: what changes by each objective, and how much of it is right."""
    yield ["noise", "sets", "wrong", *(f"{name}: {what}" for name in OBJECTIVES for what in
           ("sets with changes", "precision", "of errors"))]  # fmt: skip
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for rows in found:
        result, known, _ = judged(rows)
        weak = ", weak model" if known < KNOWS else ""
        kind = sums[rows.noise + weak]
        kind["sets"] += 1
        kind["rows"] += len(rows.true)
        kind["wrong"] += np.count_nonzero(rows.true != rows.given)
        for name, said in OBJECTIVES.items():
            labels = treated(rows.given, result, said)
            changed = labels != rows.given
            kind[f"{name} any"] += changed.any()
            kind[f"{name} changed"] += np.count_nonzero(changed)
            kind[f"{name} right"] += np.count_nonzero(changed & (labels == rows.true))
            kind[f"{name} many"] += np.count_nonzero(changed) > max(CLEAN * len(labels), 1)
    for name in sorted(sums):
        yield _row(name, sums[name])


def _row(name: str, kind: dict[str, float]) -> list[str]:
    said = [name, f"{kind['sets']:.0f}", f"{kind['wrong'] / kind['rows']:.3f}"]
    for each in OBJECTIVES:
        changed, right = kind[f"{each} changed"], kind[f"{each} right"]
        clean = f"changed {changed / kind['rows']:.4f}, over 1 % in {kind[f'{each} many']:.0f}"
        of_errors = figure_of(right / kind["wrong"]) if kind["wrong"] else clean
        said += [
            f"{kind[f'{each} any'] / kind['sets']:.2f}",
            figure_of(right / changed if changed else np.nan),
            of_errors,
        ]
    return said


def example(seeds: int) -> Iterator[list[str]]:
    """The notebook example (900 rows, 3 classes, a tenth wrong), other seeds: what changes by default."""
    yield ["seed", "wrong", "flagged", "of them wrong", "changed at .9", "right", "changed at .95", "right"]
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        codes = rng.choice(3, 900)
        vectors = 3.0 * np.eye(3, 8)[codes] + rng.normal(size=(900, 8))
        wrong = rng.random(900) < 0.1
        labels = np.where(wrong, (codes + rng.integers(1, 3, 900)) % 3, codes)
        found = lw.find_label_errors(labels, features=vectors)
        said = [str(seed), str(wrong.sum()), str(found.flag.sum()), str((found.flag & wrong).sum())]
        for share in (0.9, 0.95):
            changed = lw.treat(labels, found, objective={"precision": share}).labels
            moved = changed != labels
            said += [str(moved.sum()), str((moved & (changed == codes)).sum())]
        yield said


def queue(found: Iterator[Rows]) -> Iterator[list[str]]:
    """Errors left by objective precision .9, a look, where people look first: beside self-confidence."""
    yield ["rows", "looks", "by error removed", "by P(the given label is wrong)", "by self-confidence"]
    errors: dict[tuple[str, float], np.ndarray] = defaultdict(lambda: np.zeros(4))
    for rows in found:
        result, _, probs = judged(rows)
        policy, classes = policy_of(TreatConfig(objective={"precision": 0.9})), len(result.transition)
        counts = np.bincount(rows.given, minlength=classes)
        labels = with_few(JudgedLabels.of(rows.given, result), policy, counts)
        trust = Trust(tuple(undominated(result.transition, counts).tolist()), doubt=result.doubt)
        decided = decide(labels, cut_of(labels, policy, trust, classes), relabel=True)
        changed, waits = decided.action == RELABEL, decided.action == REVIEW
        removed = removed_by_look(labels.error_probability, labels.suggested, labels.claim, changed)
        orders = (
            removed,
            np.where(changed, 1 - labels.suggested, labels.error_probability),
            -probs[np.arange(len(probs)), rows.given],
        )
        wrong = decided.label != rows.true
        for name, some in (("that wait", np.flatnonzero(waits)), ("all", np.arange(len(wrong)))):
            for share in LOOKS[name]:
                looks = round(share * len(some))
                of = [wrong[some[np.argsort(-by[some], kind="stable")[:looks]]].sum() for by in orders]
                errors[name, share] += (looks, *of)
    for (name, share), (looks, *of) in errors.items():
        yield [name, f"{share:.0%}", *(figure_of(each / max(looks, 1)) for each in of)]


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["made", "tables", "example", "queue", "queue_tables"])
    parser.add_argument("--sets", type=int, default=900)
    options = parser.parse_args()
    parts = {
        "made": lambda: table(made(options.sets)),
        "tables": lambda: table(tables(options.sets // 3)),
        "example": lambda: example(10),
        "queue": lambda: queue(made(options.sets // 3)),
        "queue_tables": lambda: queue(tables(options.sets // 6)),
    }
    for name in options.parts:
        rows = parts[name]()
        head = next(rows)
        print(f"\n{name}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
