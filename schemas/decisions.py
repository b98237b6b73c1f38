"""What people decided about rows of a dataset: the record of one decision, and the columns that keep it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from labelworks.schemas.records import Record

Answer = Literal["class", "keep", "unsure", "none", "classes", "number", "undone"]
Why = Literal["queue", "audit", "gold", "like"]
BY_LIKENESS = " (like another)"  # behind the name of who answered without a look at the row


def _field(name: str, kind: pa.DataType, about: str = "", *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"about": about} if about else None)


DECISIONS = pa.schema(
    [
        _field("id", pa.string(), "of the row"),
        _field("content", pa.uint64(), "hash of what was shown; null: not known", nullable=True),
        _field("given", pa.string(), "the label as it was shown", nullable=True),
        _field("suggestion", pa.string(), "the label that was suggested; null: none was", nullable=True),
        _field("answer", pa.string(), "class, keep, unsure, none (of classes), classes, number or undone"),
        _field("classes", pa.list_(pa.string()), "that were named; empty of other answers"),
        _field("number", pa.float64(), "that was named", nullable=True),
        _field("annotator", pa.string()),
        _field("when", pa.timestamp("us", "UTC")),
        _field("run", pa.string(), "by which the row was shown"),
        _field(
            "why",
            pa.string(),
            "it was shown: queue, audit or gold; like: it wasn't, the answer is that to a row it is like",
        ),
        _field("sample", pa.string(), "what it was drawn from, where it was drawn", nullable=True),
        _field("stratum", pa.int32(), "of that sample", nullable=True),
        _field("stratum_rows", pa.int64(), "rows that the stratum has", nullable=True),
        _field("probability", pa.float64(), "of being shown; null: it was not drawn", nullable=True),
        _field("stratum_likely", pa.float64(), "share of the stratum that scores say is so", nullable=True),
    ]
)


class RowDecision(Record):
    """What a person decided about a row, what was shown, and with what probability that was."""

    id: str
    content: int | None = None
    given: str | None = None
    suggestion: str | None = None
    answer: Answer
    classes: tuple[str, ...] = ()
    number: float | None = Field(None, allow_inf_nan=False)
    annotator: str = Field(min_length=1)
    when: datetime = Field(default_factory=lambda: datetime.now(UTC))
    run: str = ""
    why: Why = "queue"
    sample: str | None = None
    stratum: int | None = None
    stratum_rows: int | None = Field(None, ge=1)
    probability: float | None = Field(None, gt=0, le=1)
    stratum_likely: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        named = {"class": len(self.classes) == 1, "classes": True}.get(self.answer, not self.classes)
        if not named:
            raise ValueError(f"answer {self.answer!r} doesn't go with {len(self.classes)} classes")
        if (self.answer == "number") != (self.number is not None):
            raise ValueError("a number goes with the answer 'number', and with no other")
        if self.why == "audit" and self.probability is None:
            raise ValueError("a row of an audit was shown with a known probability")
        if self.why == "like" and (self.probability is not None or self.sample is not None):
            raise ValueError("an answer for a row that is like another is of no sample: nobody looked at it")
        return self

    @property
    def asked(self) -> tuple[str, str, str, str | None]:
        """What is asked once: this row of this person, by this run, in this sample."""
        return self.id, self.annotator, self.run, self.sample

    @property
    def reviewer(self) -> str:
        """Whose accuracy it speaks for: what a person says without a look has one of its own."""
        return self.annotator + BY_LIKENESS * (self.why == "like")

    def stale(self, content: int, given: str) -> bool:
        """Whether the row was shown with another content, or, where its label is kept, with another label."""
        kept_other = self.answer == "keep" and self.given not in (None, given)
        return kept_other or self.content not in (None, content)


def in_force(decisions: Sequence[RowDecision]) -> list[RowDecision]:
    """Those that count: of answers to one question about one content the last, and none that was undone."""
    last = {(*decision.asked, decision.content): place for place, decision in enumerate(decisions)}
    return [decisions[place] for place in sorted(last.values()) if decisions[place].answer != "undone"]


def decisions_table(decisions: Sequence[RowDecision]) -> pa.Table:
    """Decisions as they are kept."""
    rows = [decision.model_dump() | {"classes": list(decision.classes)} for decision in decisions]
    return pa.Table.from_pylist(rows, schema=DECISIONS)


def of_table(table: pa.Table) -> list[RowDecision]:
    """The decisions that a table of them holds."""
    return [RowDecision.model_validate(row | {"classes": tuple(row["classes"])}) for row in table.to_pylist()]
