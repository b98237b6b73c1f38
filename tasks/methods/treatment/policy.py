"""What may be done about labels, and from when on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelworks.tasks.methods.chosen import Chosen


@dataclass(frozen=True)
class Policy:
    """The mode, the methods that decide and weigh, and their bounds.

    relabel_over: P(the new label is right) from which a label changes; below, a flagged row goes to review.
    min_class_rows: no label changes into or out of a class of fewer rows. max_weight: weights of a class are
    clipped here.
    """

    mode: Literal["reweight", "relabel", "both", "none"]
    relabel: Chosen
    weights: Chosen
    relabel_over: float
    min_class_rows: int
    max_weight: float

    @property
    def relabels(self) -> bool:
        """Whether labels may change."""
        return self.mode in ("relabel", "both")

    @property
    def reweighs(self) -> bool:
        """Whether rows may count for less."""
        return self.mode in ("reweight", "both")
