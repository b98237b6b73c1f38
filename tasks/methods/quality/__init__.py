"""How good an embedding is: its rank, dimensions, neighbours; from sums and a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.dimensions import duplicated_dimensions
from labelworks.tasks.methods.quality.hubness import hubness
from labelworks.tasks.methods.quality.intrinsic_dimension import mle, two_nn
from labelworks.tasks.methods.quality.label_sharpness import label_sharpness
from labelworks.tasks.methods.quality.rankme import rank_share, rankme
from labelworks.tasks.methods.statistics.sums import ClassSums

SAMPLE = 4000  # rows whose neighbours are looked at: all pairs of them in well under a second
NEIGHBOURS = 10


def judge(
    sums: ClassSums, features: NDArray[np.floating], given: NDArray[np.integer] | None, *, scaled: bool
) -> dict[str, float | None]:
    """Figures of an embedding; None where there are too few rows or dimensions to tell.

    features (M, D), given (M,): rows of a sample; None where rows have no single class. scaled: dimensions
    are compared at unit variance, as they must be where each has its own unit.
    """
    rank = rankme(sums, scaled=scaled)
    figures: dict[str, float | None] = {
        "rankme": rank,
        "rank_share": rank_share(rank, sums.gram.shape[0]),
        "duplicated_dimensions": float(duplicated_dimensions(sums)),
    }
    rows = np.asarray(features[:SAMPLE], np.float32)
    names = ("dimension_two_nn", "dimension_mle", "label_sharpness", "hubness")
    first = np.sort(np.unique(rows, axis=0, return_index=True)[1])  # copies are no neighbours
    if len(first) <= 2 * NEIGHBOURS:
        return figures | dict.fromkeys(names)
    distances, neighbours = nearest(rows[first], NEIGHBOURS)
    return figures | {
        "dimension_two_nn": two_nn(distances),
        "dimension_mle": mle(distances),
        "label_sharpness": None if given is None else label_sharpness(rows[first], given[first]),
        "hubness": hubness(neighbours),
    }
