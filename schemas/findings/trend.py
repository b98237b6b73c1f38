"""How a run's figures stand to those of the version published before it."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Number


class VersionFigures(Findings):
    """What is compared from version to version."""

    rows: int = Field(description="labelled rows that can be used")
    rejected_share: Number = None
    noise_rate: Number = Field(None, description="estimated share of wrong labels")
    prior: dict[str, float] = Field(
        default_factory=dict, description="share of the rows that bears each class; empty: labels are numbers"
    )
    one_class: bool = Field(True, description="False: a row may bear several, and the shares don't sum to 1")


class TrendFindings(Findings):
    """The figures of this run beside those of the last published version."""

    now: VersionFigures
    version: int | None = Field(None, description="that is compared with; None: this is to be the first")
    before: VersionFigures | None = None
    total_variation: Number = Field(None, description="of the class mix: half the sum of the differences")
    moved_class: str | None = Field(None, description="whose share has changed most")
    class_change: Number = Field(None, description="by how much, with its sign")
