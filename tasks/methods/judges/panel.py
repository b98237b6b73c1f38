"""Judges in the order in which they are asked, and how."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.judges.chat import Judge


@dataclass(frozen=True)
class Panel:
    """Judges in the order in which they are asked, and how.

    rows: asked about at most. budget: for all answers, in the currency of the prices. seed: of the order in
    which classes are listed. where: the section of the config that says so.
    """

    judges: tuple[Judge, ...]
    rows: int = 500
    instruction: str = ""
    budget: float = 1.0
    concurrency: int = 4
    timeout: float = 120.0
    retries: int = 5
    seed: int = 0
    where: str = "treat.judges"

    @property
    def judge_of_vote(self) -> NDArray[np.int64]:
        """Which judge each vote (V,) is of."""
        return np.repeat(np.arange(len(self.judges)), [judge.votes for judge in self.judges])
