"""What a run asks before it publishes, and what a person answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, NonNegativeInt

from labelworks.schemas.records import Approval, Record, RunRecord

Answer = Literal["waiting", "approved", "rejected", "expired"]


class ApprovalQuestion(Record):
    """Asked by a run whose treatment a person has to look at; kept in the run's folder."""

    why: tuple[str, ...] = Field(description="one sentence per reason")
    record: RunRecord = Field(description="the run so far, its status `waiting`")
    asked: datetime
    deadline: datetime = Field(description="after it nothing is published unless a person says so")


class Decision(Record):
    """A person's answer; the newest of a run counts."""

    decision: Literal["approve", "reject"]
    budget: NonNegativeInt | None = Field(None, description="change at most so many labels; None: all")
    by: str = ""
    when: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def approval(self) -> Approval:
        """The decision, as a run's record says it."""
        return Approval.model_validate(self.model_dump(mode="json"))


def answer(question: ApprovalQuestion, decision: Decision | None, now: datetime | None = None) -> Answer:
    """Where a question stands."""
    if decision is not None:
        return "approved" if decision.decision == "approve" else "rejected"
    return "expired" if (now or datetime.now(UTC)) > question.deadline else "waiting"
