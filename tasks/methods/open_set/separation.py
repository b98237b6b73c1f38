"""Linear separation: where strange rows form groups in the embedding, a plane parts them from the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import numbers
from labelworks.tasks.methods.probes.lda import lda
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.sums import FoldSums

FOLDS = 5


@register("open_set", "linear-separation", needs=("score", "features"), source="Albert et al. 2024")
def linear_separation(
    score: ArrayLike, features: NDArray[np.floating], *, share: float = 0.05, seed: int = 0
) -> NDArray[np.float64]:
    """Return a hybrid of a score (N,), low = out of scope, and of a plane fitted to part its lowest share.

    features (N, D). Each row is placed by a linear discriminant that it was no part of; the result, in
    (0, 1], low = out of scope, is the mean of the ranks of both (Albert 2024, who alternates between them).
    Raises ConfigError for a share outside (0, 0.5], InputError where lengths differ or rows are few.
    """
    given = numbers(score, "score").astype(np.float64, copy=False)
    rows = numbers(features, "features").astype(np.float32, copy=False)
    if not 0 < share <= 0.5:
        raise ConfigError(f"share {share}", where="linear_separation", fix="give one in (0, 0.5]")
    if len(given) != len(rows) or len(given) * share < 1:
        raise InputError(f"{len(given)} scores, {len(rows)} features", fix="give as many, 1 / share or more")
    strange = (given <= np.quantile(given, share)).astype(np.int32)
    folds = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    sums = FoldSums.of(rows, strange, folds, FOLDS, 2)
    apart = np.empty(len(rows))
    for fold in range(FOLDS):
        weights, intercept = lda(sums.without(fold))
        here = folds == fold
        apart[here] = rows[here] @ (weights[:, 0] - weights[:, 1]) + intercept[0] - intercept[1]
    return np.asarray((rankdata(given) + rankdata(apart)) / (2 * len(rows)))
