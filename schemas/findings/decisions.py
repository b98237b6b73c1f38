"""What people decided, as a run heard it, and what their audits say."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Interval, Number
from labelworks.schemas.findings.calibration import CalibrationFindings


class ReviewerFindings(Findings):
    """A person who answered."""

    name: str
    answers: int
    repeated: int = Field(description="about rows that were answered more than once")
    accuracy: Number = Field(description="share of the answers that is right, by those; else what is assumed")


class AuditFindings(Findings):
    """What the answers to a sample say of all rows that it was drawn from."""

    sample: str
    value: Number = Field(description="strata: share of labels that are wrong; changes: that are right")
    interval: Interval
    looks: int


class DecisionsFindings(Findings):
    """Decisions of the dataset that a run heard, by what became of them."""

    answers: int = Field(description="that were heard")
    rows: int = Field(description="that they are about")
    changed: int = Field(description="rows whose label is another by them")
    dropped: int = Field(description="rows of none of the classes: they count for nothing")
    look_again: int = Field(description="rows whose answers and scores don't agree")
    unsure: int = Field(description="answers that decide nothing")
    stale: int = Field(description="answers about rows that hold something else by now")
    gone: int = Field(description="answers about rows, or naming classes, that are no more")
    reviewers: tuple[ReviewerFindings, ...] = ()
    audits: tuple[AuditFindings, ...] = ()
    calibration: CalibrationFindings | None = Field(
        None, description="of the posterior, by answers to a sample of strata; None: there are none"
    )
