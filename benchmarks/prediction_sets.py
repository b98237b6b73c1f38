r"""Prediction sets of CIFAR-10 at .90, calibrated on noisy labels: coverage and sizes, beside MAPIE.

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python -m benchmarks.prediction_sets [--draws 20] [--peers PYTHON]

`--peers` is the interpreter of an environment with MAPIE 1.6, apart from ours so that no pins collide:
`python -m venv PEERS; PEERS/bin/pip install mapie==1.6.0`. Without it its column is left out. Half of the
rows calibrate,
the others are covered; naive: split conformal on the given labels as they are, by the same score.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from labelworks.tasks.methods.inference.prediction_sets import SetThresholds, fit_set_thresholds
from labelworks.tasks.methods.noise import detect

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
RATES = {2: 20, 4: 40, 6: 70}
LOOKS, WITHIN = 500, 0.02
PEER = r"""
import json, sys, numpy as np
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
class Known(ClassifierMixin, BaseEstimator):
    classes_ = np.arange(10)
    def fit(self, X, y): return self
    def predict_proba(self, X): return X
    def predict(self, X): return X.argmax(axis=1)
    def __sklearn_is_fitted__(self): return True
data = np.load(sys.argv[1])
model = SplitConformalClassifier(Known(), confidence_level=0.9, conformity_score="lac", prefit=True)
model.conformalize(data["known"], data["given"])
members = model.predict_set(data["new"])[1][:, :, 0]
held = members[np.arange(len(members)), data["true"]].mean()
print(json.dumps([float(held), float(members.sum(axis=1).mean())]))
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=20, help="of audited rows")
    parser.add_argument("--peers")
    for row in table(parser.parse_args()):
        print("| " + " | ".join(row) + " |", flush=True)


def table(asked: argparse.Namespace) -> Iterator[list[str]]:
    """Coverage and mean size of sets, a row a setting."""
    yield ["sparsity / noise", "naive", "MAPIE", "ours", "naive size / ours", "classes: least, most covered",
           f"{LOOKS} audited: mean", f"within {WITHIN}", "labelled rows, by the posterior",
           "sets of one other class: right"]  # fmt: skip
    data = np.load(DATA / "cifar10_confident_learning/cl_cifar10.npz")
    true = data["true"].astype(int)
    for noise in RATES:
        for sparsity in (0, 2, 4, 6):
            probs = data[f"p_{sparsity}_{noise}"].astype(np.float32)
            probs /= probs.sum(axis=1, keepdims=True)
            given = data[f"s_{sparsity}_{noise}"].astype(int)
            yield [f".{sparsity} / {RATES[noise]} %", *setting(asked, probs, given, true)]


def setting(asked: argparse.Namespace, probs: Any, given: Any, true: Any) -> list[str]:
    """The figures of one setting."""
    posterior = detect(given, probs, posterior=True).shares
    half = np.random.default_rng(0).random(len(true)) < 0.5
    known, new = np.flatnonzero(half), np.flatnonzero(~half)

    def sets(found: SetThresholds, rows: Any = probs) -> tuple[float, float, Any]:
        members = found.sets(rows[new])
        return members[np.arange(len(new)), true[new]].mean(), members.sum(axis=1).mean(), members

    naive = sets(fit_set_thresholds(probs[known], np.eye(10)[given[known]]))
    ours = sets(fit_set_thresholds(probs[known], posterior[known]))
    apart = sets(fit_set_thresholds(probs[known], posterior[known], by_class=True))[2]
    by_class = [apart[true[new] == k, k].mean() for k in range(10)]
    by_label = sets(fit_set_thresholds(posterior[known], posterior[known]), posterior)
    audited = []
    for seed in range(asked.draws):
        rows = np.random.default_rng(seed).choice(len(known), LOOKS, replace=False)
        told = (rows, true[known][rows])
        audited.append(sets(fit_set_thresholds(probs[known], posterior[known], audited=told))[0])
    single = (by_label[2].sum(axis=1) == 1) & ~by_label[2][np.arange(len(new)), given[new]]
    right = (by_label[2].argmax(axis=1) == true[new])[single].mean()
    theirs = peer(asked, known=probs[known], given=given[known], new=probs[new], true=true[new])
    return [
        f"{naive[0]:.3f} / {naive[1]:.2f}",
        "" if theirs is None else f"{theirs[0]:.3f} / {theirs[1]:.2f}",
        f"{ours[0]:.3f} / {ours[1]:.2f}",
        f"{naive[1] / ours[1]:.2f}",
        f"{min(by_class):.2f}, {max(by_class):.2f}",
        f"{np.mean(audited):.3f}",
        f"{np.mean(np.abs(np.array(audited) - 0.9) <= WITHIN):.2f}",
        f"{by_label[0]:.3f} / {by_label[1]:.2f}",
        f"{right:.3f}",
    ]


def peer(asked: argparse.Namespace, **arrays: Any) -> list[float] | None:
    """Coverage and size of MAPIE's sets of the same rows; None without it."""
    if not asked.peers:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/data.npz", **arrays)
        command = [asked.peers, "-W", "ignore", "-c", PEER, f"{folder}/data.npz"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found: list[float] = json.loads(said)
    return found


if __name__ == "__main__":
    main()
