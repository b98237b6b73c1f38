"""Numbers foretold from features, out of sample: a ridge probe, and one behind random features, mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.random_features import RandomFeatures

MEASURED = 500  # rows whose distances say how wide the kernel is
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the probe behind random features
BLOCK = 4096
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NumberProbes:
    """Two ridge probes by fold and how much the one behind the random features counts."""

    linear: RidgeByFold
    fourier: RidgeByFold
    random: RandomFeatures
    share: float

    @classmethod
    def fit(
        cls,
        features: NDArray[np.floating],
        given: Floats,
        folds: NDArray[np.integer],
        *,
        exclude: Sequence[int] = (),
    ) -> NumberProbes:
        """Fit on rows: features (n, D), given (n,), folds (n,), of `exclude` none.

        The share is that of the smallest mean absolute error out of sample, which wrong numbers hardly move.
        """
        random, n_folds = kernel(features), int(folds.max(initial=0)) + 1
        linear, fourier = (
            RidgeByFold.fit(TargetSums.of(rows, given[:, None], folds, n_folds), exclude=exclude)
            for rows in (features, random.rows(features))
        )
        found = cls(linear, fourier, random, 0.0)
        plain, bent = found._both(features, folds)
        errors = [float(np.abs(given - (1 - share) * plain - share * bent).mean()) for share in SHARES]
        return cls(linear, fourier, random, SHARES[int(np.argmin(errors))])

    def predict(self, features: NDArray[np.floating], folds: NDArray[np.integer]) -> Floats:
        """Predictions (N,) of rows (N, D), each by the probes that didn't see its fold."""
        plain, bent = self._both(features, folds)
        return np.asarray((1 - self.share) * plain + self.share * bent)

    def _both(self, features: NDArray[np.floating], folds: NDArray[np.integer]) -> tuple[Floats, Floats]:
        plain, bent = np.empty(len(folds)), np.empty(len(folds))
        for start in range(0, len(folds), BLOCK):
            rows = slice(start, start + BLOCK)
            seen = single(features[rows])
            plain[rows] = self.linear.predict(seen, folds[rows])[:, 0]
            bent[rows] = self.fourier.predict(self.random.rows(seen), folds[rows])[:, 0]
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
