"""Treatment of numbers: does a model learn better from treated ones? By the true numbers of held-out rows.

`python benchmarks/treat_numbers.py [--rows 3000] [--seeds 3] [--sets "gas;linear"] [--peer]`; real sets are
taken from $LABELWORKS_DATA. Each set is left clean, or a tenth of its training labels is spoilt: drawn at
random from all labels, exchanged in pairs, or (one in twenty) far off. Peer: cleanlab's CleanLearning for
regression.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow.parquet as pq
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.regression.judge import NumberJudge, suggestions
from labelworks.tasks.methods.treatment.numbers import number_claims, treat_numbers
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation.weighted_ridge import fit_ridge

POLICY = Policy("both", Chosen("precision", {"precision": 0.9}), (Chosen("right"),), 10, 0.1)
Set = tuple[str, np.ndarray, np.ndarray]


def sets(seed: int, rows: int) -> Iterator[Set]:
    """Name, features (N, D) float32, true numbers (N,): two real ones where they are there, and made ones."""
    rng = np.random.default_rng(seed)
    if data := os.environ.get("LABELWORKS_DATA"):
        yield from _real(Path(data), rng, rows)
    x = rng.normal(size=(rows, 10))
    yield "linear", x, x @ rng.normal(size=10) + rng.normal(size=rows)
    u = rng.random((rows, 10))
    bent = 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]
    yield "friedman", u, bent + rng.normal(size=rows)
    width = np.exp(x[:, 0] / 2)
    yield "heteroscedastic", x, x @ rng.normal(size=10) + width * rng.normal(size=rows)
    yield "heavy-tailed", x, x @ rng.normal(size=10) + 0.7 * rng.standard_t(3, size=rows)
    yield "skewed", x, np.exp(x @ rng.normal(size=10) / 4 + 0.2 * rng.normal(size=rows))
    yield "precise", x, x @ rng.normal(size=10) + 0.01 * rng.normal(size=rows)


def _real(data: Path, rng: np.random.Generator, rows: int) -> Iterator[Set]:
    """The concentration of a gas by its sensors' readings, its logarithm, and the age of a person."""
    gas = np.load(data / "shift/gas_drift.npz")["X"]
    take = rng.permutation(len(gas))[:rows]
    features, ppm = _standard(gas[take, 1:]), gas[take, 0].astype(np.float64)
    yield "gas", features, ppm
    yield "gas, log", features, np.log(ppm)
    adult = pq.read_table(data / "shift/adult.parquet").to_pandas()
    adult = adult.iloc[rng.permutation(len(adult))[:rows]]
    kinds = ["workclass", "education", "marital", "occupation", "relationship", "sex", "income"]
    seen = [np.unique(adult[kind].astype(str), return_inverse=True)[1] for kind in kinds]
    one_hot = np.concatenate([np.eye(each.max() + 1)[each] for each in seen], axis=1)
    yield "adult's age", one_hot, adult["age"].to_numpy(np.float64)


def _standard(features: np.ndarray) -> np.ndarray:
    """Each reading in its spreads, at most three: some sensors have failed, and report anything."""
    features = features.astype(np.float64)
    spread = np.maximum(features.std(axis=0), 1e-12)
    return np.clip((features - features.mean(axis=0)) / spread, -3, 3)


def spoilt(kind: str, given: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The numbers (n,) with some of them wrong."""
    wrong = rng.permutation(len(given))[: int(len(given) * (0.05 if kind == "gross" else 0.1)) // 2 * 2]
    given = given.copy()
    if kind == "random":
        given[wrong] = rng.choice(given, len(wrong))
    elif kind == "swapped":
        half = len(wrong) // 2
        given[wrong] = given[np.concatenate([wrong[half:], wrong[:half]])]
    elif kind == "gross":
        off = rng.choice([-1, 1], len(wrong)) * rng.uniform(5, 30, len(wrong)) * given.std()
        given[wrong] += off
    return given


Train = Callable[[np.ndarray, np.ndarray, np.ndarray | None], Callable[[np.ndarray], np.ndarray]]


def ridge(features: np.ndarray, given: np.ndarray, weight: np.ndarray | None) -> Callable:
    model = fit_ridge(features, given[:, None], weight)
    return lambda rows: model.predict(rows).ravel()


def boosting(features: np.ndarray, given: np.ndarray, weight: np.ndarray | None) -> Callable:
    return HistGradientBoostingRegressor(max_iter=80, random_state=0).fit(features, given, weight).predict


MODELS: dict[str, Train] = {"ridge": ridge, "boosting": boosting}


def treated(features: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Labels and weights (n,) as a run would give them, the flag, and how many were exchanged."""
    folds = np.random.default_rng(1).integers(0, 5, len(given))
    model = registry.make("regression", Chosen("residuals", {}))
    judge = NumberJudge.fit(features, given, folds, model=model)
    found = judge.judge(features, given, folds)
    number, suggested = suggestions(given, found, judge.usual(found.predicted))
    claims = number_claims(given, number, suggested, found.error.astype(np.float32), found.flag)
    done = treat_numbers(given, number, claims, cut_of(claims, POLICY, Trust(), 1), POLICY)
    return done.labels, done.weight, found.flag, int((done.labels != given).sum())


def cleanlab(features: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Which rows (n,) CleanLearning would leave out."""
    from cleanlab.regression.learn import CleanLearning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = CleanLearning(Ridge(1.0), n_boot=1, verbose=False).find_label_issues(features, given)
    return found["is_label_issue"].to_numpy()


def explained(truth: np.ndarray, predicted: np.ndarray) -> float:
    return 1 - float(np.mean((truth - predicted) ** 2) / np.var(truth))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--sets", default="")
    parser.add_argument("--models", default="ridge,boosting")
    parser.add_argument("--peer", action="store_true")
    asked = parser.parse_args()
    columns = "| set | labels | model | raw R² | treated | gain | cleanlab | flagged (wrong) |"
    print(f"{columns} exchanged (right) | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    only = [each for each in asked.sets.split(";") if each]
    rows_of: dict[tuple[str, str, str], list[tuple[float, ...]]] = {}
    for seed in range(asked.seeds):
        for name, features, true in sets(seed, asked.rows):
            if only and name not in only:
                continue
            for kind in ("clean", "random", "swapped", "gross"):
                for model, figures in _one(features, true, kind, seed, asked).items():
                    rows_of.setdefault((name, kind, model), []).append(figures)
    for (name, kind, model), figures in rows_of.items():
        raw, after, peer, flagged, wrong, changed, right, seconds = np.mean(figures, axis=0)
        print(
            f"| {name} | {kind} | {model} | {raw:.3f} | {after:.3f} | {after - raw:+.4f} | {peer:.3f} "
            f"| {flagged:.0f} ({wrong:.0f}) | {changed:.0f} ({right:.0f}) | {seconds:.1f} |"
        )


def _one(
    features: np.ndarray, true: np.ndarray, kind: str, seed: int, asked: argparse.Namespace
) -> dict[str, tuple[float, ...]]:
    """By model the figures of one set, spoilt in one way."""
    rng = np.random.default_rng(100 + seed)
    order = rng.permutation(len(true))
    train, test = np.split(order, [len(order) * 3 // 4])
    seen, given = features[train].astype(np.float32), spoilt(kind, true[train], rng)
    start = perf_counter()
    labels, weight, flag, changed = treated(seen, given)
    seconds = perf_counter() - start
    right = int((np.isclose(labels, true[train]) & (labels != given)).sum())
    kept = ~cleanlab(seen, given) if asked.peer else np.ones(len(given), bool)
    wrong = int((flag & (given != true[train])).sum())
    found = {}
    for name in asked.models.split(","):
        fit = MODELS[name]
        scores = [
            explained(true[test], fit(rows, numbers, by)(features[test].astype(np.float32)))
            for rows, numbers, by in (
                (seen, given, None),
                (seen, labels, weight),
                (seen[kept], given[kept], None),
            )
        ]
        found[name] = (*scores, float(flag.sum()), wrong, changed, right, seconds)
    return found


if __name__ == "__main__":
    main()
