"""Rows that people are asked about: what each is shown with, and the queue of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelworks.schemas.decisions import Why
from labelworks.schemas.records import Record

LabelKind = Literal["class", "classes", "number", "tags"]


class ReviewRow(Record):
    """A row as a person is shown it.

    content: hash of what is in it; shown: its text, its columns, or where its image or vector is from;
    suggestion: what the label was changed to, or would be; None where the given one isn't doubted.
    probabilities: of the likeliest classes, largest first. removed: how many errors a look is expected to
    remove, by distance where classes have a hierarchy; like: id of the row that it is listed with, where one
    look may decide both.
    """

    id: str
    content: int
    partition: str = Field(description="key of the partition that holds it")
    row: int = Field(ge=0, description="its number there")
    shown: str
    given: str
    suggestion: str | None = None
    probabilities: tuple[tuple[str, float], ...] = ()
    marks: tuple[tuple[tuple[str, str | None], ...], ...] = Field(
        (), description="of a sentence: pieces by its given, and where there are any by its suggested tags"
    )
    ends: tuple[int, ...] = Field((), description="of a sentence: where each of its tokens ends in `shown`")
    why: Why = "queue"
    removed: float = 0.0
    distance: float | None = Field(
        None, description="of the label from the true class, if it is wrong; null: no hierarchy"
    )
    like: str | None = None
    sample: str | None = None
    stratum: int | None = None
    stratum_rows: int | None = None
    stratum_likely: float | None = Field(None, description="share of the stratum that scores say is so")
    probability: float | None = Field(None, gt=0, le=1, description="of being shown; null: it was not drawn")


class ReviewQueue(Record):
    """Rows to look at, in their order, of a run of a dataset.

    label: what an answer names; kind: of what is in rows (text, image, vector, audio, columns, mixed);
    scheme: that tags keep.
    """

    dataset: str
    run: str
    label: LabelKind
    classes: tuple[str, ...]
    kind: str
    scheme: str = ""
    rows: tuple[ReviewRow, ...]
