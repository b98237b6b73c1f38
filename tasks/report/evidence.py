"""What a report shows beside the run's record: arrays, counts and a few rows to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from labelworks.schemas.findings import ConfusedPair, SampleMap
from labelworks.tasks.artifacts.shown.cells import Cell
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.artifacts.shown.marks import Piece
from labelworks.tasks.exports.described.nutrition import NutritionLine
from labelworks.tasks.methods.findings.confusions import top_confusions
from labelworks.tasks.report.instructions.choose import ClassExamples

SHOWN = 0.0005  # what is rarer is 0.0 % in writing
Class = str | int
Floats = npt.NDArray[np.floating]
Counts = npt.NDArray[np.integer]


@dataclass(frozen=True)
class WorstRow:
    """A row whose label is likely wrong, with what a person needs to judge it."""

    id: str
    given: Class
    suggested: Class
    probability: float
    """That the given label is wrong."""
    action: str
    reason: str
    text: str | None = None
    image: bytes | None = None
    """The encoded image, in any format that Pillow reads."""
    vector: str | None = None
    """Where the row is from, where there is nothing to look at."""
    cells: tuple[Cell, ...] = ()
    """The first of its columns, those that tell before the others."""
    columns: int = 0
    """How many columns there are."""
    marks: tuple[tuple[Piece, ...], tuple[Piece, ...]] | None = None
    """Of a sentence: its pieces by the given and by the suggested tags."""


@dataclass(frozen=True)
class ActionCount:
    """How many rows got an action for a reason."""

    action: str
    reason: str
    rows: int


@dataclass(frozen=True)
class ScoreHistogram:
    """Rows by score (1 = surely fine). edges: (B + 1,); counts, flagged: (B,), of all and of flagged rows."""

    edges: Floats
    counts: Counts
    flagged: Counts


@dataclass(frozen=True)
class ReportData:
    """Everything has a default, so that a run that was refused early has a report too. K: its classes."""

    classes: tuple[Class, ...] = ()
    transition: Floats | None = None
    """(K, K): row the true class, column the given label; rows sum to 1."""
    scores: ScoreHistogram | None = None
    sample_map: SampleMap | None = None
    prior_source: Floats | None = None
    prior_target: Floats | None = None
    prior_interval: Floats | None = None
    """(K, 2): lower and upper end for the target's prior."""
    counts_before: Counts | None = None
    counts_after: Counts | None = None
    worst: tuple[WorstRow, ...] = ()
    strangest: tuple[WorstRow, ...] = ()
    """Rows that are of any class the least, whatever their labels."""
    flagged: tuple[WorstRow, ...] = ()
    """Rows whose labels were flagged, in the order of the review; not all of them where they are too many."""
    flagged_rows: int = 0
    """How many were flagged."""
    examples: Mapping[tuple[str, str], Content] = field(default_factory=dict)
    """What is in rows that are named elsewhere by their ids, by window and id."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Where things are: addresses by what they are."""
    actions: tuple[ActionCount, ...] = ()
    instructions: Sequence[ClassExamples] = ()
    """Examples of each class, or of the largest; what is in their rows is in `shown_rows`."""
    shown_rows: Mapping[tuple[str, int], Content] = field(default_factory=dict)
    """By partition and row."""
    nutrition: Sequence[NutritionLine] = ()
    """What is in the version that is published."""
    versions: dict[str, str] = field(default_factory=dict)

    def confusions(self, limit: int) -> list[ConfusedPair]:
        """The likeliest wrong labels of the noise transition, likeliest first."""
        if self.transition is None:
            return []
        return top_confusions(self.transition, self.classes, limit, SHOWN)
