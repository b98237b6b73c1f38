"""How much each of several opinions counts for: the logarithmic pool of least log loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

NARROW = {"ftol": 1e-13, "gtol": 1e-9, "maxiter": 500}  # so that where it ends doesn't depend on rounding


def pool_shares(logits: Sequence[NDArray[np.floating]], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Shares (P,), none below 0, of the opinions' logits (N, K) whose sum has the least log loss.

    The loss is convex in the shares. An opinion that adds nothing gets none. Source: Genest & Zidek 1986.
    """
    opinions = np.stack([logit - logit.mean(axis=1, keepdims=True) for logit in logits]).astype(np.float64)
    own = np.take_along_axis(opinions, labels[None, :, None].astype(np.intp), axis=2)[..., 0]

    def loss(shares: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        pooled = np.tensordot(shares, opinions, axes=1)
        top = pooled.max(axis=1, keepdims=True)
        probs = np.exp(pooled - top)
        total = probs.sum(axis=1, keepdims=True)
        expected = np.einsum("pnk,nk->pn", opinions, probs / total)
        value = np.log(total[:, 0]) + top[:, 0] - shares @ own
        return float(value.mean()), (expected - own).mean(axis=1)

    start = np.full(len(opinions), 1 / len(opinions))
    bounds = [(0.0, None)] * len(opinions)
    minimum = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options=NARROW)
    return np.asarray(minimum.x)
