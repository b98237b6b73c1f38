"""CBPE of NannyML on windows of one size, run in its own environment by benchmarks/performance.py."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import nannyml as nml
import numpy as np
import pandas as pd


def table(probs: np.ndarray, labels: np.ndarray | None = None) -> pd.DataFrame:
    """Columns as NannyML takes them."""
    K = probs.shape[1]
    found = (
        {f"p{k}": probs[:, k].astype(np.float64) for k in range(K)}
        if K > 2
        else {"p": probs[:, 1].astype(float)}
    )
    guess = probs.argmax(axis=1)
    found["y_pred"] = [f"c{k}" for k in guess] if K > 2 else guess
    if labels is not None:
        found["y"] = [f"c{k}" for k in labels] if K > 2 else labels
    return pd.DataFrame(found)


def main() -> None:
    """Write the estimated accuracy of each window beside the input."""
    warnings.simplefilter("ignore")
    place = Path(sys.argv[1])
    given = np.load(place)
    K, shape = given["probs"].shape[1], given["windows"].shape
    names = {f"c{k}": f"p{k}" for k in range(K)} if K > 2 else "p"
    estimator = nml.CBPE(
        problem_type="classification_multiclass" if K > 2 else "classification_binary",
        y_pred_proba=names, y_pred="y_pred", y_true="y", metrics=["accuracy"], chunk_size=shape[1],
    )  # fmt: skip
    estimator.fit(table(given["probs"], given["labels"]))
    found = estimator.estimate(table(given["windows"].reshape(-1, K))).to_df()
    analysis = found[found[("chunk", "period")] == "analysis"]
    np.save(place.with_suffix(".npy"), analysis[("accuracy", "value")].to_numpy()[: shape[0]])


if __name__ == "__main__":
    main()
