"""Mismatched pairs of two-tower data: an image and a text that don't belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import InputError
from tasks.methods.registry import register

BLOCK = 1024  # rows compared at once
EM_STEPS = 200


@dataclass(frozen=True)
class PairResult:
    """score (N,) float32, low = suspicious; error_probability (N,); flag (N,) bool; noise_rate."""

    score: NDArray[np.float32]
    error_probability: NDArray[np.float64]
    flag: NDArray[np.bool_]
    noise_rate: float


@register(
    "questions",
    "pair-mismatch",
    needs=("features", "paired features"),
    source="Huang et al. 2021; CSLS: Conneau et al. 2018",
)
def pair_mismatch(left: NDArray[np.floating], right: NDArray[np.floating], *, k: int = 10) -> PairResult:
    """Find pairs that don't match: left, right (N, D), vectors of one space.

    The cosine of a pair, less the mean of its sides' cosines with their k nearest of the other side (CSLS,
    Conneau 2018); two Gaussians on it, the mismatched one lower (noisy correspondence, Huang 2021).
    Every row is compared with all of the other side, so time grows with N². Raises InputError where the
    shapes differ or a value is not finite.
    """
    one, other = _unit(left, "left"), _unit(right, "right")
    if one.shape != other.shape or len(one) <= k:
        raise InputError(f"left {one.shape}, right {other.shape}", fix=f"give pairs, more than {k}")
    near = (_nearness(one, other, k) + _nearness(other, one, k)) / 2
    score = np.einsum("nd,nd->n", one, other) - near
    error = _lower_component(score.astype(np.float64))
    return PairResult(score.astype(np.float32), error, error > 0.5, float(error.mean()))


def _unit(vectors: NDArray[np.floating], side: str) -> NDArray[np.float32]:
    rows = np.asarray(vectors, np.float32)
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        raise InputError(f"{side} is not finite", where=f"row {int(bad.argmax())}")
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def _nearness(rows: NDArray[np.float32], others: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    near = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), BLOCK):
        alike = rows[start : start + BLOCK] @ others.T
        near[start : start + BLOCK] = np.partition(alike, -k, axis=1)[:, -k:].mean(axis=1)
    return near


def _lower_component(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability (N,) of the lower of two Gaussians; values outside the means count as at them."""
    means, least = np.quantile(values, [0.05, 0.75]), max(values.var() * 1e-3, 1e-12)
    variances, shares = np.full(2, values.var() + least), np.array([0.2, 0.8])
    for _ in range(EM_STEPS):
        member = _members(values, means, variances, shares)
        count = member.sum(axis=0) + 1e-9
        before, means = means, (member * values[:, None]).sum(axis=0) / count
        variances = (member * (values[:, None] - means) ** 2).sum(axis=0) / count + least
        shares = count / count.sum()
        if np.abs(means - before).max() < 1e-7:
            break
    low = int(means.argmin())
    inner = np.clip(values, means[low], means[1 - low])
    return np.asarray(_members(inner, means, variances, shares)[:, low])


def _members(
    values: NDArray[np.float64],
    means: NDArray[np.float64],
    variances: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    logs = np.log(shares) - np.log(variances) / 2 - (values[:, None] - means) ** 2 / (2 * variances)
    dense = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(dense / dense.sum(axis=1, keepdims=True))
