"""What each stage gives back: its reference, its figures and its gate."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, TypeVar

from pydantic import Field

from labelworks.schemas.findings import (
    DetectFigures,
    EmbeddingFigures,
    Findings,
    IngestFigures,
    PublishFigures,
    TreatFigures,
    ValidateFigures,
)
from labelworks.schemas.records import DatasetRef, GateResult, Record, Stage


class StageResult(Record):
    """What a stage gives back: the new reference, its figures, its gate, and how much it really did.

    Each stage has a kind of its own, which says what its figures are.
    """

    stage: Stage
    ref: DatasetRef
    figures: Findings
    gate: GateResult
    work: dict[str, int] = Field(default_factory=dict)
    seconds: float = 0.0

    @classmethod
    def of_stage(cls) -> Stage:
        """The stage whose result this kind is."""
        stage: Stage = cls.model_fields["stage"].default
        return stage


class IngestResult(StageResult):
    """The result of ingest."""

    stage: Literal["ingest"] = "ingest"
    figures: IngestFigures


class EmbedResult(StageResult):
    """The result of embed."""

    stage: Literal["embed"] = "embed"
    figures: EmbeddingFigures


class DetectResult(StageResult):
    """The result of detect."""

    stage: Literal["detect"] = "detect"
    figures: DetectFigures


class TreatResult(StageResult):
    """The result of treat."""

    stage: Literal["treat"] = "treat"
    figures: TreatFigures


class ValidateResult(StageResult):
    """The result of validate."""

    stage: Literal["validate"] = "validate"
    figures: ValidateFigures


class PublishResult(StageResult):
    """The result of publish."""

    stage: Literal["publish"] = "publish"
    figures: PublishFigures


def read_ref(result: bytes) -> DatasetRef:
    """The reference in a stage's result, whichever version of this project wrote it."""
    return DatasetRef.model_validate(json.loads(result)["ref"])


_Figures = TypeVar("_Figures", bound=Findings)


def figures_of(results: Iterable[StageResult], kind: type[_Figures]) -> _Figures | None:
    """The figures of one stage, by their kind; None if the stage was not reached."""
    return next((result.figures for result in results if isinstance(result.figures, kind)), None)
