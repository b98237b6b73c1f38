"""Events: what tells of a changed dataset, and what the pipeline tells of itself. All are JSON."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from labelworks.schemas.records import Record, Stage

MOST_OBJECTS = 1000  # named in one event; more than that is "unknown": the listing knows them
MOST_LETTERS = 64_000  # of their names, for a server that takes no parameter over 512 KiB
Name = Annotated[str, Field(max_length=1024)]
Dataset = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=200)]
Objects = Annotated[tuple[Name, ...], Field(max_length=MOST_OBJECTS)]
Cause = Literal["start", "schedule", "watcher", "notification", "sqs", "post"]


def resource_id(dataset: str) -> str:
    """The Prefect resource that every event of a dataset is about."""
    return f"labelworks.dataset.{dataset}"


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class DatasetChanged(Record):
    """`labelworks.dataset.changed`: something of the source may have changed; the listing decides.

    The objects are for people: a run looks at the source as it is, so an event that comes late, twice or
    never of its own accord changes nothing.
    """

    event: ClassVar[str] = "labelworks.dataset.changed"

    id: str = Field(
        default_factory=lambda: uuid.uuid4().hex,
        min_length=1,
        max_length=200,
        description="the same id is taken once",
    )
    dataset: Dataset
    source: Name = Field("", description="the source as the sender knows it")
    added: Objects = ()
    changed: Objects = ()
    removed: Objects = ()
    unknown: bool = Field(False, description="which objects changed is not known, or they are too many")
    cause: Cause = "post"
    occurred: datetime = Field(default_factory=now)
    flow_run: str = Field("", description="the flow run that is due, if the cause is the schedule")

    def brief(self) -> DatasetChanged:
        """This event, without the names of its objects if they are too long for a flow run's parameter."""
        if sum(map(len, (*self.added, *self.changed, *self.removed))) <= MOST_LETTERS:
            return self
        return self.model_copy(update={"added": (), "changed": (), "removed": (), "unknown": True})


class Told(BaseModel):
    """Base of the events that the pipeline emits."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    event: ClassVar[str]

    dataset: Dataset
    run_id: str


class NoiseRose(Told):
    """`labelworks.noise.rose`: more labels are wrong than in the version before; the intervals don't meet."""

    event: ClassVar[str] = "labelworks.noise.rose"

    rate: float
    rate_interval: tuple[float, float]
    rate_before: float
    version_before: int


class ShiftDetected(Told):
    """`labelworks.shift.detected`: the target window is not distributed as the source is."""

    event: ClassVar[str] = "labelworks.shift.detected"

    kind: str
    advice: str
    total_variation: float
    drift_p_value: float


class PerformanceEstimated(Told):
    """`labelworks.performance.estimated`: how good a model of the user's is on the target window."""

    event: ClassVar[str] = "labelworks.performance.estimated"

    model: str = Field(description="its column")
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    rows: int
    note: str = Field("", description="what speaks against the estimate")


class GateFailed(Told):
    """`labelworks.gate.failed`: a gate refused the run, and nothing was published."""

    event: ClassVar[str] = "labelworks.gate.failed"

    stage: Stage
    checks: tuple[str, ...] = Field(description="name: observed, expected …")
    report: str


class VersionPublished(Told):
    """`labelworks.version.published`: a new version can be trained on."""

    event: ClassVar[str] = "labelworks.version.published"

    version: int
    rows: int
    relabelled: int
    noise_rate: float
    report: str
    carries: str = Field("proposed", description="the treatment; given: the labels as they were")
    why_given: str = Field("", description="why it carries the given labels, in a sentence")


class ReviewNeeded(Told):
    """`labelworks.review.needed`: rows whose label a person has to decide."""

    event: ClassVar[str] = "labelworks.review.needed"

    version: int | None = Field(description="null: the run waits for approval before it publishes")
    rows: int
    report: str
    command: str = Field(description="what writes them for people to look at")
    link: str = Field("", description="the page on which people look at them; empty: none is known")


EMITTED: tuple[type[Told], ...] = (
    NoiseRose,
    ShiftDetected,
    PerformanceEstimated,
    GateFailed,
    VersionPublished,
    ReviewNeeded,
)
