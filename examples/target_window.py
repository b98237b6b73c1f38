"""A new window of unlabelled rows whose class mix has moved: how it moved, and what to weigh the old rows by.

    python examples/target_window.py [FOLDER]

Makes 900 labelled and 600 unlabelled rows and keeps the run in FOLDER (default: a temporary one). Classes are
equally frequent in the first and not in the second. The run estimates the new mix and weighs the old rows by
it. Where classes look different as well, no new mix explains that: then none is weighed (docs/shift.md).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

import labelworks as lw

CLASSES = np.array(["calm", "rain", "storm"])
BEFORE, NOW = (1 / 3, 1 / 3, 1 / 3), (0.6, 0.3, 0.1)


def main(folder: Path) -> None:
    """Make both windows, run, and show the estimated mix beside the true one."""
    folder.mkdir(parents=True, exist_ok=True)
    labelled, labels = window(900, BEFORE, seed=2)
    new, hidden = window(600, NOW, seed=3)
    labelled["label"] = labels
    curation = lw.curate(
        labelled,
        label="label",
        vector="vector",
        target=new,
        name="weather",
        store=folder / "store",
        progress=False,
    )
    print(f"{curation.summary}\n{curation.report().url}")

    run = folder / "store" / "weather" / "runs" / curation.record.run_id
    target = pq.read_table([run / part for part in curation.record.target_parts])
    posterior = np.array(target["posterior"].to_pylist())
    weights = curation.to_pandas().groupby("label")["weight"].mean()
    print("class    labelled  new: estimated  true   mean weight")
    for code, name in enumerate(curation.record.classes):
        before, now, true = np.mean(labels == name), posterior[:, code].mean(), np.mean(hidden == name)
        print(f"{name:8} {before:8.1%} {now:14.1%} {true:6.1%} {weights[name]:11.2f}")


def window(rows: int, mix: tuple[float, ...], *, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of a class mix, and their labels."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(len(CLASSES), rows, p=mix)
    vectors = 2.5 * np.eye(len(CLASSES), 8)[codes] + rng.normal(size=(rows, 8))
    return pd.DataFrame({"vector": list(vectors)}), CLASSES[codes]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
