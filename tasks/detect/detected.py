"""What is detected, whatever labels are: the figures, the checks of the rows, and what the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import ColumnNulls, ContentFindings, DetectEvidence, DetectFigures, JudgedRow
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.scores import WORST
from labelworks.tasks.detect.score_partition import Scored
from labelworks.tasks.gates import RowCheck

SHOWN_CLASSES = 100  # a larger transition matrix is left to its strongest confusions


@dataclass(frozen=True)
class Detected:
    """Of a whole dataset; ref names the model, and so the scores."""

    ref: DatasetRef
    figures: DetectFigures
    checks: list[list[RowCheck]]
    scored: list[Scored]

    def with_content(self, content: ContentFindings | None, nulls: tuple[ColumnNulls, ...]) -> Detected:
        """The same, and what is odd about the content of rows and missing in columns."""
        figures = self.figures.model_copy(update={"content": content, "nulls": nulls})
        return replace(self, figures=figures)


def evidence(scored: Sequence[Scored], transition: NDArray[np.float64] | None = None) -> DetectEvidence:
    """Histograms, and the rows to look at first; transition (K, K), where a row has one class."""
    worst = sorted((row for part in scored for row in part.worst), key=lambda row: -row.error_probability)
    strangest = sorted((row for part in scored for row in part.strangest), key=_in_scope)
    shown = transition is not None and len(transition) <= SHOWN_CLASSES
    return DetectEvidence(
        transition=transition.tolist() if transition is not None and shown else None,
        histogram=np.sum([part.histogram for part in scored], axis=0).tolist(),
        flagged_histogram=np.sum([part.flagged_histogram for part in scored], axis=0).tolist(),
        worst=tuple(worst[:WORST]),
        strangest=tuple(strangest[:WORST]),
    )


def _in_scope(row: JudgedRow) -> float:
    return row.in_scope or 0.0
