"""A model retrained on treated labels: the share of the gap from raw to true labels that it recovers.

Beside cleanlab's issues with their likeliest class, on rows held out with their true labels. And what probes
of random features add to the others (`probe`).

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_retrain.py [probe retrain]
     [--sets digits letter banking77 clinc150] [--rates 0 0.2] [--seeds 3] [--rows 4000] [--validated]
     [--embeddings FOLDER]
Needs the bench extra.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.noise_text import Text, flip, texts
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.second_pass import ALIKE, look_again
from labelworks.tasks.methods.validation.arms import AGAIN, LIKELIEST, PROPOSED, WEIGHTS, arms_of
from labelworks.tasks.methods.validation.before_after import ProofOptions, prove
from labelworks.tasks.methods.validation.out_of_fold import treated
from labelworks.tasks.methods.validation.publish_when import why_not
from labelworks.tasks.planning.values import judge_options, policy_of

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
FOLDS, HELD_OUT, LETTERS, LETTER_ROWS = 5, 0.3, 10, 1600
SETTINGS = [(0.0, "uniform"), *((rate, kind) for rate in (0.1, 0.2, 0.4) for kind in ("uniform", "similar"))]
TABLES = ("letter", "all letters")  # whose columns have units of their own
VALIDATED, PEER = "as a run carries", "cleanlab"
Treated = tuple[np.ndarray, np.ndarray | None]


def probe(options: argparse.Namespace) -> Iterator[list[str]]:
    """Log loss of the given labels out of sample, and accuracy of the likeliest class, without and with."""
    yield [
        "set",
        "rows",
        "flipped",
        "log loss without",
        "with",
        "accuracy without",
        "with",
        "asked, s",
        "all, s",
    ]
    for data in sets(options, 0):
        for rate, kind in SETTINGS[::2][:2] + SETTINGS[-2:]:
            given = flip(data, rate, kind, np.random.default_rng(0))
            folds = np.random.default_rng(1).permutation(len(given)) % FOLDS
            started = process_time()
            plain, asked = summed(data, given, folds)
            seconds, names = process_time() - started, DetectConfig().probes
            found = []
            for sums in (replace(plain, mapped=None), plain):
                fitted = ProbeEnsemble.fit(sums, names).calibrate(data.features, given, folds)
                log_probs = fitted.log_probs(data.features, folds)
                found.append((-log_probs[np.arange(len(given)), given].mean(), log_probs.argmax(axis=1)))
            losses, guesses = zip(*found, strict=True)
            right = [f"{np.mean(guess == data.labels):.3f}" for guess in guesses]
            taken = "" if plain.mapped else " (not taken)"
            yield [
                data.name, f"{len(given):,}", f"{rate:.0%} {kind if rate else ''}".strip(),
                *(f"{loss:.3f}" for loss in losses), right[0], right[1] + taken, f"{asked:.2f}",
                f"{seconds:.2f}",
            ]  # fmt: skip


def retrain(options: argparse.Namespace) -> Iterator[list[str]]:
    """Accuracy of logistic regression on true held-out labels, and the share of the gap that is recovered."""
    arms = [PROPOSED, LIKELIEST, AGAIN, *([VALIDATED] if options.validated else []), PEER]
    yield ["set", "flipped", "raw", "true", *arms, "again: changed", "of these right"]
    for name in options.sets:
        pooled: dict[str, list[float]] = defaultdict(list)
        for rate, kind in [setting for setting in SETTINGS if setting[0] in options.rates]:
            found = [scored(name, rate, kind, seed, options) for seed in range(options.seeds)]
            mean = {arm: float(np.mean([each[arm] for each in found])) for arm in found[0]}
            if rate:
                for arm in ("raw", "true", *arms):
                    pooled[arm].append(mean[arm])
            yield [
                name, f"{rate:.0%} {kind if rate else ''}".strip(),
                *(f"{mean[each]:.3f}" for each in ("raw", "true")),
                *(share(mean["raw"], mean["true"], mean[arm]) for arm in arms),
                f"{mean['changed']:.1%}", f"{mean['right']:.2f}",
            ]  # fmt: skip
        raw, true, *by_arm = (float(np.mean(pooled[arm])) for arm in ("raw", "true", *arms))
        shares = [share(raw, true, each) for each in by_arm]
        yield [name, "pooled", f"{raw:.3f}", f"{true:.3f}", *shares, "", ""]


def scored(name: str, rate: float, kind: str, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Accuracies on held-out true labels by what was trained on."""
    data = next(each for each in sets(options, seed) if each.name == name)
    rng = np.random.default_rng(seed)
    held = rng.random(len(data.labels)) < HELD_OUT
    train = replace(data, features=data.features[~held], labels=data.labels[~held])
    given = flip(train, rate, kind, rng)
    trained: dict[str, Treated] = {"raw": (given, None), "true": (train.labels, None)}
    trained |= {**treatments(train, given, options), PEER: peer(train, given)}
    found = {
        arm: float(np.mean(fitted(train.features, *value).predict(data.features[held]) == data.labels[held]))
        for arm, value in trained.items()
    }
    labels = trained[AGAIN][0]
    changed = labels != given
    right = float(np.mean(labels[changed] == train.labels[changed])) if changed.any() else 1.0
    return found | {"changed": float(changed.mean()), "right": right}


def treatments(data: Text, given: np.ndarray, options: argparse.Namespace) -> dict[str, Treated]:
    """Labels and weights by arm of the comparison that a run makes, and those that it carries."""
    folds = np.random.default_rng(1).permutation(len(given)) % FOLDS
    sums, _ = summed(data, given, folds)
    sample, policy = Sample(data.features, given.astype(np.int32), folds), policy_of(TreatConfig())
    judge = judge_options(DetectConfig())
    first, counts, arms = NoiseJudge.fit(sums, sample, judge), sums.count.sum(axis=0), arms_of(policy)
    judged = first.judge(sample)
    found = {arm: treated(sample, judged, arms[arm], None, counts) for arm in (WEIGHTS, PROPOSED, LIKELIEST)}
    labels, before = found[LIKELIEST][0], given
    for number in range(1, arms[AGAIN].passes):
        if np.mean(labels != before) <= ALIKE:
            break
        again, before = look_again(sample, labels, first, judged, judge, FOLDS), labels
        found[f"pass {number + 1}"] = treated(sample, again, arms[AGAIN], None, counts)
        labels = found[f"pass {number + 1}"][0]
    found[AGAIN] = list(found.values())[-1]
    if options.validated:
        proof = prove(sums, sample, ProofOptions(judge, policy, "multinomial", 0), None)
        found[VALIDATED] = (given, None) if why_not(proof, None) else found[proof.arm]
    return found


def peer(data: Text, given: np.ndarray) -> Treated:
    """cleanlab's issues by five-fold logistic regression, with their likeliest class."""
    from cleanlab.filter import find_label_issues

    probs = cross_val_predict(model(), data.features, given, cv=FOLDS, method="predict_proba")
    issues = find_label_issues(given, probs, n_jobs=1)
    return np.where(issues, probs.argmax(axis=1), given), None


def summed(data: Text, given: np.ndarray, folds: np.ndarray) -> tuple[FoldSums, float]:
    """The sums that a run makes, and the CPU seconds that asking for random features took."""
    plain, started = FoldSums.of(data.features, given, folds, FOLDS, data.classes), process_time()
    random = choose_random_features(
        plain, data.features, given, folds, None, DetectConfig().probes, own_units=data.name in TABLES
    )
    asked = process_time() - started
    if random is None:
        return plain, asked
    return FoldSums.of(data.features, given, folds, FOLDS, data.classes, random=random), asked


def model() -> object:
    """The model that is retrained."""
    return make_pipeline(StandardScaler(with_std=False), LogisticRegression(C=10, tol=1e-3, max_iter=100))


def fitted(features: np.ndarray, labels: np.ndarray, weight: np.ndarray | None) -> object:
    """Logistic regression on rows of a mean variance of 1."""
    return model().fit(features, labels, logisticregression__sample_weight=weight)


def share(raw: float, true: float, treated: float) -> str:
    """The share of the gap, or where there is none the difference to raw labels."""
    return f"{(treated - raw) / (true - raw):.2f}" if true - raw > 0.002 else f"({treated - raw:+.3f})"


def sets(options: argparse.Namespace, seed: int) -> Iterator[Text]:
    """The sets asked for, of at most so many rows; features of a mean variance of 1."""
    rng = np.random.default_rng(100 + seed)
    for data in every(options, rng):
        if data.name in options.sets:
            rows = rng.permutation(len(data.labels))[: options.rows]
            features = np.asarray(data.features[rows], np.float32)
            features /= np.sqrt(features.var(axis=0, dtype=np.float64).mean())
            yield replace(data, features=features.astype(np.float32), labels=data.labels[rows])


def every(options: argparse.Namespace, rng: np.random.Generator) -> Iterator[Text]:
    """All sets: digits, a draw of letters, all letters, texts."""
    pixels = load_digits()
    yield Text("digits", pixels.data, pixels.target, 10)
    table = np.load(DATA / "shift/letter.npz", allow_pickle=True)
    letters = Text("all letters", table["X"], np.unique(table["y"], return_inverse=True)[1], 26)
    few = letters.some_classes(LETTERS, rng)
    rows = rng.permutation(len(few.labels))[:LETTER_ROWS]
    yield replace(few, name="letter", features=few.features[rows], labels=few.labels[rows])
    yield letters
    if {"banking77", "clinc150"}.intersection(options.sets):
        yield from texts(DATA, options.embeddings)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=["probe", "retrain"])
    parser.add_argument("--sets", nargs="+", default=["digits", "letter", "banking77", "clinc150"])
    parser.add_argument("--rates", type=float, nargs="+", default=[0, 0.1, 0.2, 0.4])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--validated", action="store_true", help="also what a run would carry")
    parser.add_argument("--rows", type=int, default=None)
    parser.add_argument("--embeddings", type=Path, help="folder of {set}.npy, made where missing")
    options = parser.parse_args()
    for name in options.tables:
        table = {"probe": probe, "retrain": retrain}[name]
        print(f"\n### {name}\n{table.__doc__}\n", flush=True)
        for number, row in enumerate(table(options)):
            print(f"| {' | '.join(row)} |", flush=True)
            if number == 0:
                print("|---" * len(row) + "|")


if __name__ == "__main__":
    main()
