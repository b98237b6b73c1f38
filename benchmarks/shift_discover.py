"""New classes of clinc150 found among intents held out, against the true ones.

    LABELWORKS_DATA=… python benchmarks/shift_discover.py EMBEDDINGS.npy 3

EMBEDDINGS.npy: (rows, D), one row for each of text/clinc150.parquet, in its order.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from shift_data import data
from sklearn.metrics import adjusted_rand_score

from labelworks.tasks.methods.open_set.discover import discover

HELD = (10, 25, 50)
ROWS = 40  # of each intent in the target


def main(path: str, repeats: int) -> None:
    frame = pd.read_parquet(data() / "text/clinc150.parquet")
    kept = (frame["intent"] != "oos").to_numpy()
    rows = np.load(path).astype(np.float64)[kept]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    labels = np.unique(frame["intent"][kept], return_inverse=True)[1]
    print("| held-out intents | found | rows in the right one | adjusted Rand index |\n|---|---|---|---|")
    for count in HELD:
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            new = np.isin(labels, rng.choice(labels.max() + 1, count, replace=False))
            hidden = np.concatenate([rng.choice(np.flatnonzero(labels == k), ROWS, replace=False)
                                     for k in np.unique(labels[new])])  # fmt: skip
            known = np.flatnonzero(~new)
            found = discover(rows[known], labels[known], rows[hidden], np.ones(len(hidden)))
            table = pd.crosstab(labels[hidden], found.classes)
            table = table[[name for name in table if name >= 0]].to_numpy()
            right = table[linear_sum_assignment(-table)].sum() / len(hidden)
            rand = adjusted_rand_score(labels[hidden], found.classes)
            print(f"| {count} | {found.new} | {right:.2f} | {rand:.2f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
