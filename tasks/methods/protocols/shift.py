"""What a method that compares two windows must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from labelworks.tasks.methods.drift.base import DriftTest
    from labelworks.tasks.methods.label_shift.inputs import Windows
    from labelworks.tasks.methods.label_shift.result import PriorEstimate


class PriorMethod(Protocol):
    """Estimates the class mix of an unlabelled window: it sees classes that have labelled rows alone."""

    def __call__(self, windows: Windows, /) -> PriorEstimate:
        """Estimate it."""


class DriftMethod(Protocol):
    """Tests whether two windows (n, D), (m, D) are of one distribution, at a level."""

    def __call__(
        self, reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float
    ) -> DriftTest:
        """Test it."""
