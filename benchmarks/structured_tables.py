"""Wrong labels of tables, beside cleanlab with scikit-learn's gradient-boosted trees, five-fold, in one run.

`LABELWORKS_DATA=… python benchmarks/structured_tables.py [--rows N] [--seeds 1] [--tables adult …]`: adult
(numbers and categories, 48,842 rows), employment (US census, Massachusetts 2014–2018: categories, 68,785
rows) and letter (16 numbers, 26 classes, 20,000 rows). 5 to 20 % of the labels are replaced by another
class: at random, or by what is in the row, where twice as many are wrong at one end of a random direction
through the features as on average, and none at the other. The peer needs cleanlab beside this project's
packages: an environment of its own, never this project's.

Ours is what a run does with `encoder: {name: table}` on a sample that is the whole, and, of a table whose
columns aren't numbers alone (all but letter), `labelworks.find_label_errors(labels, features=table)`: encode,
probes and trees out of fold, some neighbours, the noise method. The peer's is `cross_val_predict` of
HistGradientBoostingClassifier with native categories, then `find_label_issues` and label quality scores. Both
take their turn in one process.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from labelworks.flows.notebook.inputs.frames import as_arrow
from labelworks.flows.notebook.inputs.out_of_sample import out_of_sample
from labelworks.flows.notebook.inputs.tables import encoded_table, some_votes
from labelworks.tasks.methods.noise import detect

SHIFT = Path(os.environ.get("LABELWORKS_DATA", "shared/data")) / "shift"
RATES = (0.05, 0.1, 0.2)
Table = tuple[pd.DataFrame, NDArray[np.int64]]


def adult() -> Table:
    rows = pd.read_parquet(SHIFT / "adult.parquet")
    return rows.drop(columns=["income", "split"]), pd.factorize(rows["income"], sort=True)[0]


def employment() -> Table:
    rows = pd.read_parquet(SHIFT / "employment_MA_reference.pq")
    unseen = ["id", "employed", "year", "prediction", "predicted_probability"]
    held = rows.drop(columns=unseen)
    texts = [name for name in held if held[name].dtype == "category"]
    return held.astype(dict.fromkeys(texts, str)), rows["employed"].to_numpy(np.int64)


def letter() -> Table:
    with np.load(SHIFT / "letter.npz") as arrays:
        features, labels = arrays["X"], arrays["y"]
    return pd.DataFrame(features, columns=[f"x{place}" for place in range(16)]), labels - labels.min()


TABLES: dict[str, Callable[[], Table]] = {"adult": adult, "employment": employment, "letter": letter}


def spoilt(
    table: pd.DataFrame, true: NDArray[np.int64], rate: float, kind: str, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Labels of which about that share is another class."""
    risk = np.ones(len(true))
    if kind == "by features":
        numbers = table.apply(lambda column: pd.factorize(column, sort=True)[0]).rank(pct=True).to_numpy()
        along = numbers @ rng.normal(size=numbers.shape[1])
        risk = 2 * pd.Series(along).rank(pct=True).to_numpy()
    wrong = rng.random(len(true)) < rate * risk
    classes = int(true.max()) + 1
    return np.where(wrong, (true + rng.integers(1, classes, len(true))) % classes, true)


def ours(table: pd.DataFrame, given: NDArray[np.int64], classes: int) -> NDArray[np.floating]:
    features, cells = encoded_table(as_arrow(table), len(given))
    probs = out_of_sample(features.values, given, classes, cells=cells)
    vote = some_votes(features.values, given, probs)
    return detect(given, probs, neighbour_vote=vote, posterior=True).error_probability


def peer(table: pd.DataFrame, given: NDArray[np.int64], classes: int) -> NDArray[np.floating]:
    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    known = table.astype(dict.fromkeys(texts, "category"))
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    probs = cross_val_predict(model, known, given, cv=folds, method="predict_proba")
    find_label_issues(given, probs, n_jobs=1)
    return 1 - get_label_quality_scores(given, probs)


def measured(
    judge: Callable[..., NDArray[np.floating]],
    table: pd.DataFrame,
    given: NDArray[np.int64],
    wrong: NDArray[np.bool_],
) -> tuple[float, float, float]:
    """Average precision, seconds, seconds of the processor."""
    wall, cpu = perf_counter(), process_time()
    suspected = judge(table, given, int(given.max()) + 1)
    return float(average_precision_score(wrong, suspected)), perf_counter() - wall, process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=0, help="of each table, at random; 0: all")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES))
    asked = parser.parse_args()
    print("| table | rows | wrong | | AP | seconds | of the processor |\n|---|---|---|---|---|---|---|")
    for name in asked.tables:
        whole, labels = TABLES[name]()
        for kind in ("at random", "by features"):
            for rate in RATES:
                runs = []
                for seed in range(asked.seeds):
                    rng = np.random.default_rng(seed)
                    rows = rng.permutation(len(labels))[: asked.rows or None]
                    table, true = whole.iloc[rows].reset_index(drop=True), labels[rows]
                    given = spoilt(table, true, rate, kind, rng)
                    runs.append([measured(judge, table, given, given != true) for judge in (peer, ours)])
                theirs, own = np.mean(runs, axis=0)
                pairs = " | ".join(
                    f"{one:.{digits}f} → {other:.{digits}f}"
                    for one, other, digits in zip(theirs, own, (3, 1, 1), strict=True)
                )
                print(f"| {name} | {len(true):,} | {rate:.0%} | {kind} | {pairs} |", flush=True)


if __name__ == "__main__":
    main()
