"""Two ridge probes, one linear and one behind random features, mixed as foretells best out of sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.random_features import RandomFeatures

MEASURED = 500  # rows whose distances say how wide the kernel is
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the probe behind random features
BLOCK = 4096
ASKED = 50_000_000  # cells that the share is asked of, at most


@dataclass(frozen=True, eq=False)
class MixedRidge:
    """Ridge probes by fold and how much the one behind the random features counts."""

    linear: RidgeByFold
    fourier: RidgeByFold
    random: RandomFeatures
    share: float

    @classmethod
    def beside(
        cls,
        linear: RidgeByFold,
        features: NDArray[np.floating],
        targets: Any,
        folds: NDArray[np.integer],
        *,
        exclude: Sequence[int] = (),
    ) -> MixedRidge:
        """A linear probe and one of random features of rows: features (n, D), targets (n, M), folds (n,).

        targets: dense or sparse; no row is of `exclude`. The share is that of the smallest error out of
        sample: the mean absolute one of numbers, which wrong ones hardly move, the square of sparse labels.
        """
        random, n_folds = kernel(features), len(linear.intercepts) - 1
        mapped = TargetSums.of(random.rows(features), targets, folds, n_folds)
        mixed = cls(linear, RidgeByFold.fit(mapped, exclude=exclude), random, 0.0)
        some = slice(None, max(ASKED // targets.shape[1], 1))
        plain, bent = mixed._both(features[some], folds[some])
        asked = targets[some].toarray() if sparse.issparse(targets) else targets[some]
        loss = np.square if sparse.issparse(targets) else np.abs
        errors = [
            float(loss(asked - (1 - share) * plain - share * bent).mean(dtype=np.float64)) for share in SHARES
        ]
        return cls(linear, mixed.fourier, random, SHARES[int(np.argmin(errors))])

    def predict(self, features: NDArray[np.floating], folds: NDArray[np.integer]) -> NDArray[np.float32]:
        """Predictions (N, M) of rows (N, D), each by the probes that didn't see its fold."""
        plain, bent = self._both(features, folds)
        return np.asarray((1 - self.share) * plain + self.share * bent, np.float32)

    def _both(
        self, features: NDArray[np.floating], folds: NDArray[np.integer]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shape = len(folds), self.linear.intercepts.shape[1]
        plain, bent = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for start in range(0, len(folds), BLOCK):
            rows = slice(start, start + BLOCK)
            seen = single(features[rows])
            plain[rows] = self.linear.predict(seen, folds[rows])
            bent[rows] = self.fourier.predict(self.random.rows(seen), folds[rows])
        return plain, bent


def kernel(features: NDArray[np.floating]) -> RandomFeatures:
    """A map of rows (n, D), as wide as they lie apart: each column in its spread, by the median distance."""
    seen = single(np.asarray(features))
    centre, scale = seen.mean(axis=0, dtype=np.float64), seen.std(axis=0, dtype=np.float64)
    scale = np.where(scale > 1e-9 * max(float(scale.max(initial=0)), 1e-30), scale, np.inf)
    some = (seen[:: max(len(seen) // MEASURED, 1)] - centre) / scale
    squares = np.square(some).sum(axis=1)
    apart = squares[:, None] + squares[None, :] - 2 * some @ some.T
    between = apart[np.triu_indices(len(some), 1)]
    wide = float(np.sqrt(max(float(np.median(between)) / 2, 1e-12))) if len(between) else 1.0
    return RandomFeatures(centre.astype(np.float32), (scale * wide).astype(np.float32))
