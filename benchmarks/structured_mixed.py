"""Wrong labels of rows that hold several kinds of features: judged by each kind alone, and by all together.

`LABELWORKS_DATA=… python benchmarks/structured_mixed.py [--rows 6000] [--seeds 1] [--rates .05 .1 .2]
[--joined spread length none]`. Public data, parted so that each kind tells a part of the label: of adult,
a sentence made of occupation, education, work and origin beside the numbers and the other columns; of
scikit-learn's digits (1,797), the left half as a picture beside the right half as eight columns, or as the
words of a text that says which of its pixels are dark. Labels are replaced by another class at random.
Every run is `labelworks.curate` with the default encoders, and rows are ranked by the published quality.

`--joined` tries other ways to scale: `length` by the root mean square length from zero, `none` not at all.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score

import labelworks as lw
from labelworks.tasks.methods.encoders.side_by_side import Placing

SHIFT = Path(os.environ.get("LABELWORKS_DATA", "shared/data")) / "shift"
SAID = ("workclass", "education", "occupation", "relationship", "country")
Mixed = tuple[pd.DataFrame, NDArray[np.int64], dict[str, Any]]


def adult() -> Mixed:
    rows = pd.read_parquet(SHIFT / "adult.parquet").drop(columns=["split"])
    said = [name for name in SAID if name in rows]
    texts = ["works as " + ", ".join(map(str, row)) for row in rows[said].itertuples(index=False)]
    others = [name for name in rows.columns if name not in (*said, "income", "education_num")]
    frame = rows[others].assign(text=texts)
    return frame, pd.factorize(rows["income"], sort=True)[0], {"text": "text", "columns": others}


def digits() -> tuple[NDArray[Any], NDArray[np.int64]]:
    held = load_digits()
    return held.images, held.target.astype(np.int64)


def pictures(images: NDArray[Any]) -> list[bytes]:
    made = []
    for pixels in images:
        sink = io.BytesIO()
        Image.fromarray((pixels * 15).astype(np.uint8)).resize((16, 32)).save(sink, "PNG")
        made.append(sink.getvalue())
    return made


def image_and_table() -> Mixed:
    images, labels = digits()
    names = [f"line_{row}" for row in range(8)]
    frame = pd.DataFrame(images[:, :, 4:].sum(axis=2), columns=names)
    return frame.assign(photo=pictures(images[:, :, :4])), labels, {"image": "photo", "columns": names}


def image_and_text() -> Mixed:
    images, labels = digits()
    dark = images[:, :, 4:].reshape(len(images), -1) > 7
    texts = [" ".join(f"cell{place}" for place in np.flatnonzero(row)) or "nothing" for row in dark]
    frame = pd.DataFrame({"photo": pictures(images[:, :, :4]), "text": texts})
    return frame, labels, {"image": "photo", "text": "text"}


DATA: dict[str, Callable[[], Mixed]] = {
    "adult: text + table": adult,
    "digits: image + table": image_and_table,
    "digits: image + text": image_and_text,
}


def precision(frame: pd.DataFrame, wrong: NDArray[np.bool_], features: dict[str, Any]) -> float:
    """Average precision of the published quality."""
    with tempfile.TemporaryDirectory() as folder:
        done = lw.curate(
            frame, label="label", id="id", store=f"{folder}/store", progress=False, **features,
            gates={"embed": {"thresholds": {"max_rejected": 0.5}}},
            treat={"mode": "none"}, detect={"content": False, "poison": False},
            validate={"publish_when": {"not_worse": 1}},
        )  # fmt: skip
        rows = done.to_pandas()
    place = rows["id"].str.removeprefix("row-").astype(int).to_numpy()
    return float(average_precision_score(wrong[place], 1 - rows["quality"].to_numpy()))


def by_length(vectors: NDArray[np.floating]) -> Placing:
    rows = np.asarray(vectors, np.float64)
    return Placing(np.zeros(rows.shape[1], np.float32), float(np.sqrt((rows**2).sum(axis=1).mean())))


def as_they_are(vectors: NDArray[np.floating]) -> Placing:
    return Placing(np.zeros(vectors.shape[1], np.float32), 1.0)


WAYS = {"spread": Placing.of, "length": by_length, "none": as_they_are}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=6000, help="of each dataset, at random, at most")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rates", type=float, nargs="*", default=[0.05, 0.1, 0.2])
    parser.add_argument("--data", nargs="*", default=list(DATA), choices=list(DATA))
    parser.add_argument("--joined", nargs="*", default=["spread"], choices=list(WAYS))
    asked = parser.parse_args()
    print("| data | wrong | each kind alone | joined |\n|---|---|---|---|", flush=True)
    for name in asked.data:
        whole, labels, features = DATA[name]()
        for rate in asked.rates:
            alone: dict[str, list[float]] = {kind: [] for kind in features}
            joined: dict[str, list[float]] = {way: [] for way in asked.joined}
            for seed in range(asked.seeds):
                rng = np.random.default_rng(seed)
                rows = rng.permutation(len(labels))[: asked.rows]
                true, classes = labels[rows], int(labels.max()) + 1
                wrong = rng.random(len(rows)) < rate
                given = np.where(wrong, (true + rng.integers(1, classes, len(rows))) % classes, true)
                ids = [f"row-{row}" for row in range(len(rows))]
                frame = whole.iloc[rows].reset_index(drop=True).assign(id=ids, label=given)
                for kind, of in features.items():
                    alone[kind].append(precision(frame, wrong, {kind: of}))
                for way in asked.joined:
                    with patch.object(Placing, "of", WAYS[way]):
                        joined[way].append(precision(frame, wrong, features))
            apart = ", ".join(f"{kind} {np.mean(values):.3f}" for kind, values in alone.items())
            both = ", ".join(f"{way} {np.mean(values):.3f}" for way, values in joined.items())
            print(f"| {name} | {rate:.0%} | {apart} | {both} |", flush=True)


if __name__ == "__main__":
    main()
