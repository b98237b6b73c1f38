"""The temperature of a probe: by how much its logits are multiplied to foretell labels best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

SEARCHED, CLOSE, NEWTON_STEPS = 0.1, 1e-7, 8
LOG_SCALES = (-8.0, 12.0)  # bounds of the search for the log of a probe's inverse temperature


def fit_scale(logits: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """Inverse temperature of least log loss (Guo 2017), which is convex in it: a search, then Newton steps.

    The steps matter: where the search stops depends on rounding, where they end doesn't.
    """
    best = minimize_scalar(
        lambda place: _loss(logits, labels, np.exp(place))[0],
        bounds=LOG_SCALES, method="bounded", options={"xatol": SEARCHED},
    )  # fmt: skip
    scale = float(np.exp(best.x))
    for _ in range(NEWTON_STEPS):
        _, slope, curvature = _loss(logits, labels, scale)
        if abs(slope) >= scale / 2 * curvature:  # no minimum nearby: classes apart, or nothing to tell
            break
        step = slope / curvature
        scale -= step
        if abs(step) < CLOSE * scale:
            break
    return scale


def _loss(
    logits: NDArray[np.float32], labels: NDArray[np.integer], scale: float
) -> tuple[float, float, float]:
    """Mean log loss of scaled logits (N, K), and its first two derivatives by the scale."""
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    probs = np.exp(shifted * np.float32(scale))
    total = probs.sum(axis=1)
    mean = np.einsum("nk,nk->n", probs, shifted) / total
    square = np.einsum("nk,nk,nk->n", probs, shifted, shifted) / total
    own = shifted[rows, labels].astype(np.float64)
    loss = np.mean(np.log(total, dtype=np.float64) - scale * own)
    return float(loss), float(np.mean(mean - own)), float(np.mean(square - mean**2, dtype=np.float64))
