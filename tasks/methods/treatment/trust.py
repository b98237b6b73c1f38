"""What a treatment may rest on: how labels go wrong, and whether the claims of the noise method hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Trust:
    """Facts of the noise, as the method that judged the labels found them.

    undominated: given classes that come of another true class at least as often as of their own, by name.
    steady: whether errors are as common among rows that are sure as among those that are hard.
    """

    undominated: tuple[str | int, ...] = ()
    steady: bool = True

    @property
    def dominated(self) -> bool:
        """Whether each given class is mostly of its own true class."""
        return not self.undominated


def undominated(transition: NDArray[np.float64]) -> NDArray[np.intp]:
    """The given classes of which another true class is the likeliest source.

    transition: (K, K), rows = true class, P(given | true).
    """
    others = transition.copy()
    np.fill_diagonal(others, 0)
    return np.flatnonzero(others.max(axis=0) >= transition.diagonal())
