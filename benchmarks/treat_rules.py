"""Labels made of rules: the label model beside majority, MACE and snorkel, and what a probe adds.

LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_rules.py --peers PYTHON [--public FOLDER]
[--seeds 3] [--rows 3000] [--sets adult …]. PYTHON is that of an environment with snorkel 0.10 and crowd-kit;
FOLDER holds the CSV files of the public repository regularized-dp/regularized-data-programming.

Scored on the rows that some rule fires on. The truth is for the score alone, and for the runs in which every
method is given the true class mix.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler
from treat_rules_data import RuleSet, all_sets

from labelworks.flows.notebook.results.ruled_labels import with_probes
from labelworks.tasks.methods.crowd import Votes
from labelworks.tasks.methods.crowd.mace import mace
from labelworks.tasks.methods.weak_supervision import aggregate_rules

FLOOR = 1e-6
PEERS = ("majority", "MACE", "crowd-kit MACE", "snorkel")
GIVEN = ("snorkel, mix given",)


def own(each: RuleSet) -> dict[str, np.ndarray]:
    """Posteriors (N, K) of the project's own methods."""
    row, rule = np.nonzero(each.votes >= 0)
    names = {"items": np.arange(len(each.votes)), "classes": np.arange(each.classes)}
    votes = Votes.from_arrays(row, rule, each.votes[row, rule], **names)
    mix = np.bincount(each.truth, minlength=each.classes) + 1.0
    found = {
        "majority": aggregate_rules(each.votes, each.classes, method="majority").posterior,
        "MACE": mace(votes).posterior,
        "label model": (plain := aggregate_rules(each.votes, each.classes)).posterior,
        "label model, mix given": aggregate_rules(each.votes, each.classes, prior=mix / mix.sum()).posterior,
    }
    found["with probe"] = with_probes(plain, features(each))
    return found


def features(each: RuleSet) -> np.ndarray:
    """What a probe sees of the rows (N, D); of made rows Gaussians about their classes, 1.5 apart."""
    if each.texts is not None:
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)).fit_transform(each.texts)
        return TruncatedSVD(128, random_state=0).fit_transform(sparse.csr_matrix(words)).astype(np.float32)
    if each.numbers is not None:
        return StandardScaler().fit_transform(each.numbers).astype(np.float32)
    rng = np.random.default_rng(len(each.truth))
    seen_class = 1.5 * np.eye(each.classes)[each.truth]
    return (seen_class + rng.normal(size=seen_class.shape)).astype(np.float32)


def scored(posterior: np.ndarray, each: RuleSet) -> tuple[float, float, float]:
    """Accuracy and log-loss on the rows that some rule fires on; accuracy on the others."""
    fires = (each.votes >= 0).any(axis=1)
    probs = np.clip(posterior, FLOOR, 1)
    probs /= probs.sum(axis=1, keepdims=True)
    right = probs.argmax(axis=1) == each.truth
    loss = -np.log(probs[np.arange(len(probs)), each.truth])
    silent = float(right[~fires].mean()) if (~fires).any() else float("nan")
    return float(right[fires].mean()), float(loss[fires].mean()), silent


def peers(sets: list[RuleSet], python: str, folder: Path) -> list[dict[str, np.ndarray]]:
    """Posteriors of the peers, by their own environment; those that the folder has are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(sets):
        mix = np.bincount(each.truth, minlength=each.classes) / len(each.truth)
        np.savez(folder / f"{number:03d}.npz", votes=each.votes, classes=each.classes, prior=mix)
    if python:
        script = Path(__file__).with_name("treat_rules_peers.py")
        subprocess.run([python, str(script), str(folder)], check=True, stderr=subprocess.DEVNULL)
    found = [folder / f"{number:03d}-peers.npz" for number in range(len(sets))]
    return [dict(np.load(each)) if each.exists() else {} for each in found]


def main() -> None:
    """Print a table a measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--public", type=Path)
    parser.add_argument("--peers", default="", help="the interpreter of their environment")
    parser.add_argument("--kept", type=Path, help="where what the peers say is kept")
    parser.add_argument("--sets", nargs="*", default=[])
    asked = parser.parse_args()
    results: dict[str, dict[str, list[tuple[float, float, float]]]] = defaultdict(lambda: defaultdict(list))
    for seed in range(asked.seeds):
        folder = asked.public if seed == 0 else None
        sets = all_sets(Path(os.environ["LABELWORKS_DATA"]), folder, seed, asked.rows)
        sets = [each for each in sets if not asked.sets or each.name.split(",")[0] in asked.sets]
        folder = (asked.kept or Path(tempfile.mkdtemp())) / str(seed)
        others = peers(sets, asked.peers, folder)
        for each, told in zip(sets, others, strict=True):
            for method, posterior in (own(each) | told).items():
                results[each.name][method].append(scored(posterior, each))
        show(results)


def show(results: dict[str, dict[str, list[tuple[float, float, float]]]]) -> None:
    """The mean over seeds by set and method: accuracy / log-loss, and beside the peers."""
    columns = list(dict.fromkeys(method for told in results.values() for method in told))
    print("| set |", " | ".join(columns), "| − best | log-loss − snorkel's |")
    print("|---|" + "---|" * (len(columns) + 2))
    for name, told in results.items():
        mean = {method: np.mean(values, axis=0) for method, values in told.items()}
        whole = [method for method in PEERS if len(told.get(method, [])) == len(told["label model"])]
        best = max(mean[method][0] for method in whole)
        ours = mean["label model"]
        loss = f"{ours[1] - mean['snorkel'][1]:+.3f}" if "snorkel" in mean else ""
        cells = [f"{mean[m][0]:.3f} / {mean[m][1]:.3f}" if m in mean else "" for m in columns]
        print(f"| {name} |", " | ".join(cells), f"| {ours[0] - best:+.3f} | {loss} |")
    silent = {name: told["with probe"] for name, told in results.items() if "with probe" in told}
    for name, values in silent.items():
        silent_right = [right for *_, right in values if not np.isnan(right)]
        if silent_right:
            print(f"{name}: of the rows on which no rule fires {np.mean(silent_right):.3f} right")
    print(flush=True)


if __name__ == "__main__":
    main()
