"""Performance without labels, and models ranked again, on real data whose truth is known.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 NANNYML_PYTHON=… python benchmarks/performance.py
     [windows|noise|ranks] [--sets letter banking77 employment] [--references 3] [--windows 6]

NANNYML_PYTHON: the python of an environment with nannyml==0.13.1 (its pins don't go with ours); without it
there is no peer. CBPE is fitted on the same references and estimates the same windows. `shifted`: the class
mix is drawn from Dirichlet(1), rows of each class as they come; `same`: the pool's own mix. Employment's pool
is of later years, so it has moved by itself as well.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from shift_data import data, window

import labelworks as lw
from labelworks.tasks.methods.performance.estimated_confusion import estimated_confusion
from labelworks.tasks.methods.performance.noise_rates import NoiseRates, widest

PEER = str(Path(__file__).with_name("performance_peers.py"))
SIZES = {"letter": (300, 1500), "employment": (300, 1500), "banking77": (1000,)}
REFERENCE = 4000
RATES = (0.05, 0.1, 0.2)


def load(name: str) -> dict[str, np.ndarray]:
    """labels and probs of labelled rows, pool_labels and pool of the rows that windows are drawn from."""
    if name != "employment":
        return window(name)
    place = data() / "shift"
    first = pd.read_parquet(place / "employment_MA_reference.pq")
    later = pd.read_parquet(place / "employment_MA_analysis.pq").merge(
        pd.read_parquet(place / "employment_MA_analysis_target.pq"), on="id"
    )
    probs = [
        np.column_stack([1 - each["predicted_probability"], each["predicted_probability"]]).astype(np.float32)
        for each in (first, later)
    ]
    return {
        "labels": first["employed"].to_numpy(), "probs": probs[0],
        "pool_labels": later["employed"].to_numpy(), "pool": probs[1],
    }  # fmt: skip


def drawn(rng: np.random.Generator, labels: np.ndarray, size: int, *, shifted: bool) -> np.ndarray:
    """Rows of a window."""
    if not shifted:
        return rng.choice(len(labels), size, replace=False)
    K = int(labels.max()) + 1
    counts = rng.multinomial(size, rng.dirichlet(np.ones(K)))
    places = [np.flatnonzero(labels == k) for k in range(K)]
    parts = [rng.choice(p, n, replace=n > len(p)) for p, n in zip(places, counts, strict=True) if n]
    return rng.permutation(np.concatenate(parts))


def peer(labels: np.ndarray, probs: np.ndarray, windows: list[np.ndarray]) -> np.ndarray | None:
    """CBPE's accuracies of windows of one size."""
    if "NANNYML_PYTHON" not in os.environ:
        return None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "in.npz"
        np.savez(place, labels=labels, probs=probs, windows=np.stack(windows))
        subprocess.run([os.environ["NANNYML_PYTHON"], PEER, str(place)], check=True, capture_output=True)
        return np.load(place.with_suffix(".npy"))


def windows(name: str, references: int, each: int) -> None:
    """Errors and coverage on windows of a set, ours and CBPE's."""
    rows, rng = load(name), np.random.default_rng(0)
    for size in SIZES[name]:
        for shifted in (True, False):
            ours, held, wide, theirs, held_f1 = [], [], [], [], []
            for _ in range(references):
                kept = rng.permutation(len(rows["labels"]))[:REFERENCE]
                labels, probs = rows["labels"][kept], rows["probs"][kept]
                places = [drawn(rng, rows["pool_labels"], size, shifted=shifted) for _ in range(each)]
                true = [(rows["pool"][p].argmax(1) == rows["pool_labels"][p]).mean() for p in places]
                for place, right in zip(places, true, strict=True):
                    found = estimated_confusion(labels, probs, rows["pool"][place])
                    accuracy, f1 = found.accuracy, found.overall["macro_f1"]
                    ours.append(accuracy.value - right)
                    held.append(accuracy.low <= right <= accuracy.high)
                    wide.append(accuracy.high - accuracy.low)
                    held_f1.append(f1.low <= macro_f1(rows, place) <= f1.high)
                said = peer(labels, probs, [rows["pool"][p] for p in places])
                theirs += [] if said is None else list(said - np.array(true))
            mae, cbpe = np.abs(ours).mean(), np.abs(theirs).mean() if theirs else np.nan
            print(
                f"| {name} | {size} | {'shifted' if shifted else 'same'} | {mae:.4f} | {cbpe:.4f} | "
                f"{mae / cbpe:.2f} | {np.mean(held):.3f} of {len(held)} | {np.mean(wide):.3f} | "
                f"{np.mean(held_f1):.3f} |",
                flush=True,
            )


def macro_f1(rows: dict[str, np.ndarray], place: np.ndarray) -> float:
    """Of the window's own labels."""
    from sklearn.metrics import f1_score

    guess = rows["pool"][place].argmax(axis=1)
    return float(f1_score(rows["pool_labels"][place], guess, average="macro", zero_division=0))


def noise(name: str, references: int, each: int) -> None:
    """Wrong labels in the reference, drawn anew; the transition and its rate are estimated."""
    rows, size = load(name), SIZES[name][-1]
    classes = int(rows["labels"].max()) + 1
    for rate in RATES:
        deaf, ours, held, widths, known = [], [], [], [], []
        for reference in range(references):
            rng = np.random.default_rng([1, reference])
            kept = rng.permutation(len(rows["labels"]))[:REFERENCE]
            labels, probs = rows["labels"][kept], rows["probs"][kept]
            wrong = rng.random(len(kept)) < rate
            given = np.where(wrong, rng.integers(0, classes, len(kept)), labels)
            found_noise = lw.find_label_errors(given, probs, classes=list(range(classes)))
            rates = NoiseRates(
                found_noise.transition, found_noise.noise_rate, found_noise.noise_rate_interval
            )
            low, high = found_noise.noise_rate_interval
            known.append(low <= (given != labels).mean() <= high)
            for _ in range(each):
                place = drawn(rng, rows["pool_labels"], size, shifted=True)
                right = (rows["pool"][place].argmax(1) == rows["pool_labels"][place]).mean()
                plain = estimated_confusion(given, probs, rows["pool"][place]).accuracy
                found = widest(
                    [
                        estimated_confusion(given, probs, rows["pool"][place], noise_transition=transition)
                        for transition in rates.transitions
                    ]
                ).accuracy
                deaf.append(abs(plain.value - right))
                ours.append(abs(found.value - right))
                held.append(found.low <= right <= found.high)
                widths.append(found.high - found.low)
        print(
            f"| {name} | {rate:.0%} | {np.mean(deaf):.4f} | {np.mean(ours):.4f} | {np.mean(held):.3f} of "
            f"{len(held)} | {np.mean(widths):.3f} | {np.mean(known):.2f} of {len(known)} |",
            flush=True,
        )


def ranks() -> None:
    """ImageNet's model by given labels and ReaL's sets, MMLU-Redux's 14 by given and experts' labels."""
    real = pd.read_parquet(data() / "imagenet_real/given_predicted_real.parquet")
    found = lw.rank_models(
        real["given"].to_numpy(), {"predicted": real["predicted"].to_numpy()},
        corrected=[list(each) for each in real["real"]], classes=list(range(1000)),
    )  # fmt: skip
    print(found.table.to_string(), flush=True)
    answers, given, right = mmlu()
    found = lw.rank_models(given, answers, corrected=right, classes=[0, 1, 2, 3])
    print(found.summary, f"{len(given):,} questions, {(given != right).sum()} answers corrected", flush=True)
    print(found.table.round(4).to_string(), flush=True)
    print(found.differences.round(4).loc["corrected"].head(13).to_string(), flush=True)


def mmlu() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Answers of models, given ones and right ones, of questions that are fine or have one right answer."""
    votes = pd.read_parquet(data() / "mmlu_redux/questions_llm_votes.parquet")
    told = pd.read_parquet(data() / "mmlu_redux/mmlu_redux_annotations.parquet")
    key = [each["question"].str.strip() + each["choices"].astype(str).str.split().str.join("")
           for each in (votes, told)]  # fmt: skip
    codes = {"A": 0, "B": 1, "C": 2, "D": 3} | {f"{k}{tail}": k for k in range(4) for tail in ("", ".0")}
    experts = told["correct_answer"].astype(str).str.strip().map(codes)
    experts.index = pd.Index(key[1])
    experts = experts[~experts.index.duplicated(keep=False)]
    given = votes["groundtruth_answer"].astype(int)
    wrong = votes["error_type"] == "wrong_groundtruth"
    right = given.where(~wrong, key[0].map(experts))
    kept = (votes["error_type"].isin(["ok", "wrong_groundtruth"]) & right.notna()).to_numpy()
    models = votes[kept].iloc[:, 4:].apply(lambda each: each.map(codes).fillna(9).astype(int))
    return models.reset_index(drop=True), given[kept].to_numpy(), right[kept].astype(int).to_numpy()


def main() -> None:
    """Run what is named."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", default="windows", choices=("windows", "noise", "ranks"))
    parser.add_argument("--sets", nargs="*", default=list(SIZES))
    parser.add_argument("--references", type=int, default=3)
    parser.add_argument("--windows", type=int, default=6)
    options = parser.parse_args()
    if options.what == "ranks":
        ranks()
    elif options.what == "noise":
        print("| set | wrong | MAE, noise not heard | MAE | intervals hold | width | the rate's hold |")
        for name in options.sets:
            noise(name, options.references, options.windows)
    else:
        print("| set | rows | mix | MAE | CBPE's | ratio | intervals hold | width | macro F1's hold |")
        for name in options.sets:
            windows(name, options.references, options.windows)


if __name__ == "__main__":
    main()
