r"""Whether the proof of a treatment is right: verdicts and intervals against the truth, on many runs.

    LABELWORKS_DATA=… python benchmarks/validate.py run digits letter made banking77 --runs 48 \
        --embeddings FOLDER --to FOLDER
    python benchmarks/validate.py table --to FOLDER

A set may be the file of a table, as noise_csv.py reads them. Each run draws rows and wrong labels (0 to
40 %, uniform or to the most similar class); every other dozen of runs has a target window of another class
mix, which is known. A run's validation is asked for its verdict; the truth is what models of all its rows
get right on the rest of the set, whose labels are right. `run` goes on where it was stopped. An oracle looks
at LOOKS rows on which two models differ: `audit`.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from noise_csv import table as labelled_table
from validate_tables import HARM, table

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods.audit.allocation import allocated
from labelworks.tasks.methods.audit.difference import Looked, difference
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.validation.arms import GIVEN, PROPOSED, arms_of
from labelworks.tasks.methods.validation.audited import Apart, audited_difference
from labelworks.tasks.methods.validation.before_after import Proof, compared
from labelworks.tasks.methods.validation.out_of_fold import OutOfFold, out_of_fold, treated
from labelworks.tasks.methods.validation.publish_when import why_not
from labelworks.tasks.planning.values import proof_options

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
RATES, FOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4), 5
LOOKS = 60
CONFIG = {"dataset": {"source": "s", "label": "l", "features": {"vector": "v"}}}
OPTIONS = proof_options(RunConfig.model_validate(CONFIG))


def main() -> None:
    """Run some, or print the tables of what was run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("do", choices=("run", "table"))
    parser.add_argument("sets", nargs="*", default=["digits", "letter", "made", "banking77"])
    parser.add_argument("--runs", type=int, default=64)
    parser.add_argument("--embeddings", type=Path, help="folder of {set}.npy, made where missing")
    parser.add_argument("--to", type=Path, required=True, help="folder of the runs' figures")
    asked = parser.parse_args()
    asked.to.mkdir(parents=True, exist_ok=True)
    for name in asked.sets:
        for seed in range(asked.runs if asked.do == "run" else 0):
            kept = asked.to / f"{Path(name).stem}-{seed}.json"
            if not kept.exists():
                kept.write_text(json.dumps(one(name, seed, asked.embeddings)))
    if asked.do == "table":
        of_sets = {name: kept_runs(asked.to, name) for name in asked.sets}
        together = [run for runs in of_sets.values() for run in runs]
        for name, runs in [*of_sets.items(), *([("together", together)] if len(of_sets) > 1 else [])]:
            for shifted, window in ((False, "no window"), (True, "with a target window")):
                table(f"{name}, {window}", [run for run in runs if run["shift"] == shifted])


def kept_runs(folder: Path, name: str) -> list[dict[str, Any]]:
    """Figures of the runs of a set that are there."""
    return [json.loads(kept.read_text()) for kept in sorted(folder.glob(f"{Path(name).stem}-*.json"))]


def drawn(name: str, rng: np.random.Generator, embeddings: Path | None) -> tuple[np.ndarray, np.ndarray, int]:
    """Features and true classes of a set in random order, and how many of its rows are labelled."""
    if name == "digits":
        from sklearn.datasets import load_digits

        features, labels = load_digits(return_X_y=True)
        rows = 1000
    elif name == "letter":
        kept = np.load(DATA / "shift/letter.npz", allow_pickle=False)
        labels = np.unique(kept["y"], return_inverse=True)[1]
        some = np.isin(labels, rng.choice(26, 10, replace=False))
        features, labels = kept["X"].astype(np.float32)[some], np.unique(labels[some], return_inverse=True)[1]
        features = (features - features.mean(axis=0)) / features.std(axis=0)
        rows = int(rng.integers(1000, 1601))
    elif name == "made":
        classes, dim = int(rng.integers(2, 9)), int(rng.integers(4, 20))
        rows = int(rng.choice([400, 1000, 2500]))
        labels = rng.integers(0, classes, 20_000)
        features = rng.normal(size=(classes, dim))[labels] * rng.uniform(0.6, 1.8)
        features = features + rng.normal(size=features.shape)
    elif Path(name).suffix in (".csv", ".arff"):
        features, labels = labelled_table(Path(name))
        rows = min(1500, len(labels) // 2)
    else:
        import pyarrow.parquet as pq
        from noise_text import embedded

        text = pq.read_table(DATA / f"text/{name}.parquet").to_pandas()
        features, rows = embedded(name, text["text"].tolist(), embeddings), 1500
        labels = np.unique(text["category"].to_numpy().astype(str), return_inverse=True)[1]
    order = rng.permutation(len(labels))
    return features[order].astype(np.float32), labels[order], rows


def flipped(
    features: np.ndarray, true: np.ndarray, rate: float, similar: bool, rng: np.random.Generator
) -> np.ndarray:
    """Labels (N,) of which a share is wrong: any other class, or the one of the nearest mean."""
    classes = int(true.max()) + 1
    other = (true + rng.integers(1, classes, len(true))) % classes
    if similar:
        means = np.stack([features[true == k].mean(axis=0) for k in range(classes)])
        apart = np.square(means[:, None] - means).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        other = apart.argmin(axis=1)[true]
    return np.where(rng.random(len(true)) < rate, other, true).astype(np.int32)


def one(name: str, seed: int, embeddings: Path | None) -> dict[str, Any]:
    """The verdict of a run and the truth, for the treatments that are chosen from and for harmful ones."""
    rng = np.random.default_rng([seed, len(name)])
    features, true, rows = drawn(name, rng, embeddings)
    classes, rate, similar = int(true.max()) + 1, RATES[seed % 6], bool(seed // 6 % 2)
    given = flipped(features[:rows], true[:rows], rate, similar, rng)
    shares = np.bincount(true[:rows], minlength=classes) / rows
    shifted = bool(seed // 12 % 2)
    mix = rng.dirichlet(np.full(classes, 2.0))
    moved = mix / np.maximum(shares, 1 / rows) if shifted else None
    sample = Sample(features[:rows], given, rng.integers(0, FOLDS, rows))
    sums = FoldSums.of(sample.features, given, sample.folds, FOLDS, classes)
    arms = arms_of(OPTIONS.policy)
    found = out_of_fold(sums, sample, OPTIONS.judge, OPTIONS.model, arms, moved)
    judged = NoiseJudge.fit(sums, sample, OPTIONS.judge).judge(sample)
    by_arm = {
        arm: treated(sample, judged, policy, moved, sums.count.sum(axis=0)) for arm, policy in arms.items()
    }
    by_arm["true"] = (true[:rows].astype(np.int32), None if moved is None else moved[true[:rows]])
    share = np.ones(len(true) - rows) if moved is None else moved[true[rows:]]
    right = {
        arm: correct(sample, value, features[rows:], true[rows:], classes) for arm, value in by_arm.items()
    }
    proof = compared(found, moved, 0)
    looked = None if shifted or proof.apart is None else audited(proof.apart, true[:rows], rng)
    worse = {
        kind: harmful(kind, sample, found, judged.error_probability, moved, rng, true[:rows])
        for kind in HARM[: 3 * (not shifted)]
    }
    return {
        "rate": rate, "similar": similar, "shift": shifted,
        "true": {arm: mean(right[arm] - right[GIVEN], share) for arm in right},
        "arms": {each.name: (each.gain.interval, each.difference.interval, each.difference.spread)
                 for each in proof.arms},
        "arm": proof.arm, "why": why_not(proof, None), "interval": [proof.low, proof.high], "harm": worse,
        "audit": looked,
    }  # fmt: skip


def audited(apart: Apart, true: np.ndarray, rng: np.random.Generator) -> dict[str, Any] | None:
    """What an oracle's looks say of two models: the interval, of rows at hand too, and the truth of these."""
    if not len(apart.place):
        return None
    kinds, stratum = np.unique(apart.stratum, return_inverse=True)
    counts = np.bincount(stratum)
    looks = allocated(counts, np.ones(len(kinds)), LOOKS)
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(stratum == kind), count, replace=False)
            for kind, count in enumerate(looks)
        ]
    )
    said = audited_difference(apart, rows.tolist(), [{int(true[apart.place[row]])} for row in rows])
    right = [np.asarray(calls == true[apart.place], float) for calls in (apart.treated, apart.raw)]
    gained = right[0] - right[1]
    here = difference(Looked.of(stratum[rows], counts[stratum[rows]], gained[rows]), apart.of)
    return {
        "interval": (said.low, said.high), "here": (here.low, here.high), "looks": len(rows),
        "apart": len(apart.place), "true_here": float(gained.sum()) / apart.of,
    }  # fmt: skip


def correct(
    sample: Sample, training: Any, features: np.ndarray, true: np.ndarray, classes: int
) -> np.ndarray:
    """On which rows (M,) a model of these labels and weights is right."""
    model = get("models", OPTIONS.model).target(sample.features, *training, classes)
    return (model(features).argmax(axis=1) == true).astype(float)


def mean(values: np.ndarray, weights: np.ndarray) -> list[float]:
    """A weighted mean and its standard error, as the test rows are not all there are."""
    weights = weights / weights.mean()
    centre = float(np.mean(values * weights))
    return [centre, float(np.std(weights * (values - centre)) / np.sqrt(len(values)))]


def harmful(
    kind: str,
    sample: Sample,
    found: OutOfFold,
    error: np.ndarray,
    moved: np.ndarray | None,
    rng: np.random.Generator,
    true: np.ndarray,
) -> list[bool]:
    """Whether a harmful treatment is kept from being carried, and proven worse; by an audit too."""
    classes, labels, weight = found.transitions.shape[1], sample.given, None
    if kind == "reversed weights":
        weight = error.astype(np.float64) + 1e-3
    else:
        spoilt = rng.random(len(labels)) < (0.2 if "20" in kind else 0.05)
        other = (labels + rng.integers(1, classes, len(labels))) % classes
        labels = np.where(spoilt, other, labels).astype(np.int32)
    probs, fit = np.zeros((len(labels), classes), np.float32), get("models", OPTIONS.model).target
    for fold in range(len(found.transitions)):
        held = found.folds == fold
        model = fit(sample.features[~held], labels[~held], None if weight is None else weight[~held], classes)
        probs[held] = model(sample.features[held])
    arms = {GIVEN: found.probs[GIVEN], PROPOSED: probs}
    proof = compared(OutOfFold(found.given, found.folds, arms, found.transitions, (GIVEN,)), moved, 0)
    apart = Apart.of_calls(found.given, found.probs[GIVEN].argmax(axis=1), probs.argmax(axis=1), FOLDS)
    looked = audited(apart, true, rng)
    by_people, here = (bool(looked and looked[name][1] < 0) for name in ("interval", "here"))
    worse = proven_worse(proof)
    return [bool(why_not(proof, None)), worse, by_people, by_people or worse, here]


def proven_worse(proof: Proof) -> bool:
    """Whether either score lies below 0 altogether."""
    (only,) = proof.arms
    return only.gain.interval[1] < 0 or only.difference.interval[1] < 0


if __name__ == "__main__":
    main()
