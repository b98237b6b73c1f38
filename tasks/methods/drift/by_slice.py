"""Slices where no groups are given: regions of the embeddings in which a model errs together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix, blocks, labels_of, refuse_infinite, sample
from labelworks.tasks.methods.drift.by_group import Groups, by_group

MOST = 50_000  # rows among which slices are looked for
LEAN = 0.5  # of the features' spread: what the error weighs beside them


@dataclass(frozen=True)
class Slices:
    """`slices` (N,): the slice of each row; `figures` of them, by rows that had no part in finding them;
    `centres` (S, D)."""

    slices: NDArray[np.int64]
    figures: Groups
    centres: Floats


@registry.register(
    "groups",
    "slices",
    needs=("features", "labels", "wrong", "classes", "count"),
    source="Eyuboglu 2022, Sohoni 2020",
)
def by_slice(
    features: NDArray[np.floating],
    labels: ArrayLike,
    wrong: ArrayLike,
    classes: int,
    count: int,
    mislabelled: ArrayLike | None = None,
) -> Slices:
    """Prior, error and noise of at most `count` slices, and the worst of them.

    features (N, D) finite; labels (N,) codes; wrong and mislabelled (N,): probabilities that a row's
    prediction and its label are wrong. Every other row helps to find clusters, its error one more axis; rows
    are put to them by features alone, and the others give the figures: errors spread by chance make no
    bad slice.
    Raises InputError on bad rows.
    """
    given, bad = np.asarray(labels), np.asarray(wrong, dtype=np.float64)
    if features.ndim != 2 or not len(features) == len(given) == len(bad) or len(bad) < 2 * count or count < 1:
        raise InputError(
            f"features {features.shape}, {len(given)} labels and {len(bad)} errors for {count} slices",
            fix="one label and one error for each row, two rows and more for each slice",
        )
    refuse_infinite(features, "features")
    labels_of(given, len(bad), classes)
    label_errors = None if mislabelled is None else np.asarray(mislabelled, dtype=np.float64)
    for values, name in ((bad, "wrong"), (label_errors, "mislabelled")):
        if values is not None:
            refuse_infinite(values[:, None], name)
    centres = _centres(features[::2], bad[::2], count)
    region = _nearest(features, centres)
    label_error = None if label_errors is None else label_errors[1::2]
    return Slices(region, by_group(given[1::2], bad[1::2], region[1::2], classes, label_error), centres)


def _centres(features: NDArray[np.floating], wrong: Floats, count: int) -> Floats:
    """(S, D): k-means of features with the error as one more axis, which is then left out."""
    from sklearn.cluster import MiniBatchKMeans

    kept = sample(len(features), MOST)
    rows, bad = features[kept], wrong[kept]
    spread = float(np.sqrt(rows.var(axis=0, dtype=np.float64).sum()))
    axis = ((bad - bad.mean()) / max(float(bad.std()), 1e-9) * spread * LEAN)[:, None]
    made = MiniBatchKMeans(count, random_state=0, n_init=3)
    made.fit(np.concatenate([rows, axis], axis=1).astype(np.float32))
    return np.asarray(made.cluster_centers_[:, :-1], dtype=np.float64)


def _nearest(features: NDArray[np.floating], centres: Floats) -> NDArray[np.int64]:
    region = np.empty(len(features), dtype=np.int64)
    near: Matrix = centres.astype(np.float32)
    for part in blocks(len(features), max(features.shape[1], len(centres))):
        rows = features[part].astype(np.float32)
        region[part] = ((near**2).sum(axis=1) - 2 * rows @ near.T).argmin(axis=1)
    return region
