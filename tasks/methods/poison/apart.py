"""Regions that share rows: of those the surest stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray


class FoundRegion(Protocol):
    """Rows (M,), and how likely chance would make a region of them."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Places of its rows."""

    @property
    def p_value(self) -> float:
        """Adjusted for all regions looked at."""


Found = TypeVar("Found", bound=FoundRegion)


def surest_apart(found: Sequence[Found]) -> list[Found]:
    """The regions that share no row with a surer one, the surest first; of equally sure ones the largest."""
    kept: list[Found] = []
    taken: set[int] = set()
    for region in sorted(found, key=lambda region: (region.p_value, -len(region.rows))):
        rows = set(region.rows.tolist())
        if not taken & rows:
            kept.append(region)
            taken |= rows
    return kept
