"""The demo's data: real handwritten digits, with wrong labels and a moved class mix, both known."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.storage.store import Store

CONFUSABLE = {0: 6, 1: 7, 2: 3, 3: 8, 4: 9, 5: 6, 6: 0, 7: 1, 8: 3, 9: 4}
NOISE = 0.2  # share of labels made wrong,
TOWARDS = 0.8  # of which this share becomes the digit's confusable neighbour, the rest any other
LABELLED = 1200
PARTS = 4
KEPT = np.linspace(1.0, 0.2, 10)  # share of each digit that the production window keeps


@dataclass(frozen=True)
class Digits:
    """Where the data lies, and the truth: pixels (N, 64), true labels (N,), given labels of the labelled."""

    source: str
    target: str
    pixels: NDArray[np.float32]
    true: NDArray[np.int64]
    given: NDArray[np.int64]
    window_pixels: NDArray[np.float32]
    window_true: NDArray[np.int64]


def write_digits(store: Store, seed: int) -> Digits:
    """Write the labelled digits, some of them mislabelled, and the unlabelled window, as parquet parts."""
    from sklearn.datasets import load_digits

    pixels, true = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(true))
    labelled, rest = order[:LABELLED], order[LABELLED:]
    window = rest[rng.random(len(rest)) < KEPT[true[rest]]]
    given = mislabel(true[labelled], rng)
    folder = f"digits-data/seed-{seed}"
    for part, rows in enumerate(np.array_split(np.arange(LABELLED), PARTS)):
        ids = [f"digit-{labelled[row]:04d}" for row in rows]
        images = [_png(pixels[labelled[row]]) for row in rows]
        table = pa.table({"id": ids, "image": images, "label": given[rows]})
        store.write_table(f"{folder}/labelled/part-{part}.parquet", table)
    ids = [f"digit-{row:04d}" for row in window]
    store.write_table(
        f"{folder}/production/part-0.parquet",
        pa.table({"id": ids, "image": [_png(pixels[row]) for row in window]}),
    )
    return Digits(
        store.url(f"{folder}/labelled"),
        store.url(f"{folder}/production"),
        pixels[labelled].astype(np.float32),
        true[labelled],
        given,
        pixels[window].astype(np.float32),
        true[window],
    )


def mislabel(true: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Give a share of the labels (N,) wrongly, mostly as the confusable digit."""
    given = true.copy()
    wrong = np.flatnonzero(rng.random(len(true)) < NOISE)
    neighbour = np.array([CONFUSABLE[digit] for digit in range(10)])[true[wrong]]
    other = (true[wrong] + rng.integers(1, 10, len(wrong))) % 10
    given[wrong] = np.where(rng.random(len(wrong)) < TOWARDS, neighbour, other)
    return given


def _png(pixels: NDArray[np.float64]) -> bytes:
    from PIL import Image

    image = Image.fromarray(np.round(pixels.reshape(8, 8) * (255 / 16)).astype(np.uint8))
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()
