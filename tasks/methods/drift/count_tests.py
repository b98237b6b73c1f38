"""Drift of tabular columns and of label histograms: chi-square, PSI, Jensen–Shannon, Wasserstein."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import Floats

SMOOTH = 0.5  # rows added to each cell before a logarithm


@dataclass(frozen=True)
class ColumnDrift:
    """p-value and statistic of the chi-square test; PSI, Jensen–Shannon distance, Wasserstein, Cramér's V."""

    p_value: float
    statistic: float
    psi: float
    jensen_shannon: float
    wasserstein: float
    effect: float


def compare(reference: ArrayLike, current: ArrayLike) -> ColumnDrift:
    """Compare two histograms over the same K cells; ordered cells one apart give the Wasserstein distance.

    reference, current: (K,) counts; counts of parts add up. Raises InputError on negative or empty counts.
    Source: Pearson 1900 for the test; psi: Karakoulas 2004; Jensen–Shannon: Lin 1991.
    """
    first, second = _counts(reference, "reference"), _counts(current, "current")
    if first.shape != second.shape:
        raise InputError(f"histograms of {len(first)} and {len(second)} cells can't be compared")
    statistic, freedom = _chi_square(first, second)
    p, q = (first + SMOOTH) / (first + SMOOTH).sum(), (second + SMOOTH) / (second + SMOOTH).sum()
    middle = (p + q) / 2
    divergence = (p @ np.log2(p / middle) + q @ np.log2(q / middle)) / 2
    moved = np.abs(np.cumsum(first / first.sum() - second / second.sum())).sum()
    return ColumnDrift(
        p_value=float(chi2.sf(statistic, freedom)) if freedom else 1.0,
        statistic=statistic,
        psi=float((p - q) @ np.log(p / q)),
        jensen_shannon=float(np.sqrt(max(divergence, 0.0))),
        wasserstein=float(moved),
        effect=float(np.sqrt(statistic / (first.sum() + second.sum()))),
    )


def _chi_square(first: Floats, second: Floats) -> tuple[float, int]:
    table = np.stack([first, second])[:, first + second > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum()), table.shape[1] - 1


def _counts(values: ArrayLike, name: str) -> Floats:
    counts = np.asarray(values, dtype=np.float64)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        raise InputError(f"{name} is no histogram", fix="give counts, none negative, at least one positive")
    return counts
