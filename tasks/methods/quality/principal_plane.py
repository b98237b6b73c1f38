"""Rows on the plane that shows most of how they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Plane:
    """Places of rows (N, 2) in [0, 1], and the share of the variance that the plane has."""

    places: NDArray[np.float64]
    explained: float


def principal_plane(features: NDArray[np.floating]) -> Plane | None:
    """Turn rows (N, D) to their two principal axes (Pearson 1901); None where all are one and the same.

    An axis points to where its largest place is positive, so that the same rows look the same.
    """
    rows = np.asarray(features, np.float64)
    if len(rows) < 3:
        return None
    centred = rows - rows.mean(axis=0)
    products = centred @ centred.T if len(rows) <= centred.shape[1] else centred.T @ centred
    values, axes = np.linalg.eigh(products)
    total = float(values.clip(0).sum())
    if total <= 0:
        return None
    first = axes[:, ::-1][:, :2]
    places = first * np.sqrt(values[::-1][:2].clip(0)) if len(rows) <= centred.shape[1] else centred @ first
    if places.shape[1] < 2:
        places = np.concatenate([places, np.zeros_like(places)], axis=1)
    places = places * np.where(np.abs(places.min(axis=0)) > places.max(axis=0), -1.0, 1.0)
    span = places.max(axis=0) - places.min(axis=0)
    scaled = (places - places.min(axis=0)) / np.where(span > 0, span, 1.0)
    return Plane(scaled, float(values[::-1][:2].clip(0).sum()) / total)
