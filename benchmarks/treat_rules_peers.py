"""Labels of rules by the peers, run by benchmarks/treat_rules.py with the interpreter of their environment.

Reads N.npz (votes, classes, prior) of a folder, writes N-peers.npz: probabilities (N, K) by method.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from crowdkit.aggregation import MACE
from snorkel.labeling.model import LabelModel

warnings.filterwarnings("ignore")


def snorkel(votes, classes, prior):
    """As its own tutorials fit it."""
    if votes.shape[1] < 3:
        return None
    model = LabelModel(cardinality=classes, verbose=False)
    model.fit(votes, n_epochs=500, log_freq=100, seed=123, class_balance=prior)
    return model.predict_proba(votes)


def mace(votes, classes):
    """crowd-kit's, on the rows that some rule fires on; the others get the shares of the answers."""
    row, rule = np.nonzero(votes >= 0)
    table = pd.DataFrame({"task": row, "worker": rule, "label": votes[row, rule]})
    found = MACE(random_state=0).fit(table).probas_.reindex(columns=range(classes), fill_value=0.0)
    shares = np.bincount(votes[row, rule], minlength=classes) / len(row)
    probs = np.tile(shares, (len(votes), 1))
    probs[found.index.to_numpy()] = found.fillna(0.0).to_numpy()
    return probs


def main(folder):
    for file in sorted(folder.glob("*.npz")):
        if file.name.endswith("-peers.npz") or file.with_name(f"{file.stem}-peers.npz").exists():
            continue
        given = np.load(file)
        votes, classes = given["votes"], int(given["classes"])
        told = {
            "snorkel": snorkel(votes, classes, None),
            "snorkel, mix given": snorkel(votes, classes, given["prior"].tolist()),
            "crowd-kit MACE": mace(votes, classes),
        }
        kept = {name: probs for name, probs in told.items() if probs is not None}
        np.savez(file.with_name(f"{file.stem}-peers.npz"), **kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
