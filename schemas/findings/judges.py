"""What models that were asked about labels said, and what that cost."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Number


class JudgeFindings(Findings):
    """What one judge was asked, and what became of it."""

    model: str
    answers: int
    kept: int = Field(description="of these, bought by an earlier run")
    unread: int = Field(
        description="of the answers, those that named no class and not `none of these` either"
    )
    refused: int = Field(description="questions that the service could not take")
    tokens_in: int
    tokens_out: int
    cost: float = Field(description="of all its answers, in the currency of its prices")


class JudgesFindings(Findings):
    """Rows that judges were asked about. They order the review; labels change as far as audits allow."""

    rows: int = Field(description="that judges were asked about")
    not_asked: int = Field(description="rows that were chosen, and the money did not last for")
    unusable: int = Field(description="rows that were chosen, and whose text or image can't be shown")
    contradicted: int = Field(description="rows whose given label the judges don't hold for right")
    changed: int = Field(description="labels changed to what judges answer")
    audited: int = Field(description="rows that people looked at, of those contradicted")
    audited_right: int = Field(description="of these, rows on which the judges are right")
    precision_bound: Number = Field(None, description="what that proves of the changed labels' precision")
    cost: float = Field(
        description="of all answers, bought by this run or before, and of those that got lost"
    )
    budget: float
    note: str = Field("", description="why judges change no label, in a sentence")
    by_judge: tuple[JudgeFindings, ...]
