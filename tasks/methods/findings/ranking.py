"""What is told of models ranked by the labels of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labelworks.schemas.findings import Figure, ModelRank, RankingFindings
from labelworks.tasks.methods.validation.model_ranking import (
    READINGS,
    ModelRanking,
    RankingSums,
    ranked,
)


def ranking_findings(sums: Mapping[str, RankingSums], models: Sequence[str]) -> tuple[RankingFindings, ...]:
    """Findings by reading; readings of no rows are left out."""
    return tuple(
        _by_reading(reading, ranked(sums[reading]), models)
        for reading in READINGS
        if reading in sums and sums[reading].rows
    )


def _by_reading(reading: str, found: ModelRanking, models: Sequence[str]) -> RankingFindings:
    ranks = [
        ModelRank(
            model=model,
            accuracy=Figure(value=float(value), low=float(low), high=float(high)),
            rank=float(rank),
            rank_interval=(float(first), float(last)),
        )
        for model, value, (low, high), rank, (first, last) in zip(
            models, found.accuracy, found.interval, found.rank, found.rank_interval, strict=True
        )
    ]
    best_first = tuple(sorted(ranks, key=lambda each: (each.rank or 0.0, each.model)))
    return RankingFindings.model_validate({"reading": reading, "rows": int(found.rows), "models": best_first})
