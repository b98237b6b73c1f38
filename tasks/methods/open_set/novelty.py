"""How far a row lies from every known class: the score by which unknown classes are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, blocks, refuse_infinite
from labelworks.tasks.methods.statistics.positive_definite import solve_positive
from labelworks.tasks.methods.statistics.sums import ClassSums

RIDGE = 1e-2  # of the mean variance within classes


@registry.register("open_set", "novelty", needs=("sums", "features"), source="Ren 2021")
def novelty(sums: ClassSums, features: NDArray[np.floating]) -> Floats:
    """Relative Mahalanobis distance (n,) of rows (n, D): to the nearest class, less that to the whole.

    sums: of labelled rows that these rows are no part of. Raises InputError on bad rows.
    """
    if features.ndim != 2 or features.shape[1] != sums.gram.shape[0]:
        raise InputError(f"features has shape {features.shape}", fix=f"{sums.gram.shape[0]} columns")
    refuse_infinite(features, "features")
    points, offsets = _lines(sums)
    distance = np.empty(len(features))
    for part in blocks(len(features), max(points.shape)):
        apart = features[part].astype(np.float32) @ points.T.astype(np.float32) + offsets.astype(np.float32)
        distance[part] = apart.min(axis=1)
    return distance


def novelty_by_fold(
    sums_without: Sequence[ClassSums],
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    distance: Callable[[ClassSums, NDArray[np.floating]], Floats] = novelty,
) -> Floats:
    """The same (n,), or another distance, of rows in folds (n,), each by the sums without its own fold."""
    distances = np.empty(len(features))
    for fold, sums in enumerate(sums_without):
        rows = folds == fold
        distances[rows] = distance(sums, features[rows])
    return distances


def _lines(sums: ClassSums) -> tuple[Floats, Floats]:
    """Slopes (K', D) and offsets (K',): in one covariance the squares of a row cancel out."""
    rows, present = max(float(sums.count.sum()), 1.0), sums.count > 0
    means, middle = sums.means[present], sums.total.sum(axis=0) / rows
    within = (sums.gram - (means * sums.count[present][:, None]).T @ means) / rows
    within += max(RIDGE * float(np.trace(within)) / len(within), 1e-12) * np.eye(len(within))
    slopes = solve_positive(within, np.vstack([means, middle]).T).T
    squares = np.einsum("ij,ij->i", np.vstack([means, middle]), slopes)
    return -2 * (slopes[:-1] - slopes[-1]), squares[:-1] - squares[-1]
