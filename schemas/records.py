"""Records that pass between stages and into manifests: small, frozen, JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labelworks.schemas.findings import (
    CalibrationFindings,
    Class,
    ColumnNulls,
    ContentFindings,
    CrowdFindings,
    DriftFindings,
    EmbeddingFigures,
    HealthFindings,
    InferredFindings,
    NoiseFindings,
    PerformanceFindings,
    PoisonFindings,
    PredictionSetFindings,
    RankingFindings,
    RenamedClass,
    RulesFindings,
    ShiftFindings,
    ShortcutFindings,
    TreatmentFindings,
    TreeFindings,
    TrendFindings,
    ValidationFindings,
)
from labelworks.schemas.upgrade import SCHEMA_VERSION, upgraded

Stage = Literal["ingest", "embed", "detect", "treat", "validate", "publish"]
Status = Literal["published", "refused", "waiting", "rejected"]


class Record(BaseModel):
    """Base of every record: immutable and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Piece(Record):
    """Rows of one source file: all of them, or some of its row groups."""

    file: str = Field(description="name of the file, relative to the source")
    path: str = Field(description="the file, as its filesystem knows it")
    format: str
    row_groups: tuple[int, ...] | None = Field(None, description="None: the whole file")
    first_row: int = Field(0, description="position of its first row in the file")
    rows: int | None = Field(None, description="None: not known before it is read")
    size: int = Field(0, description="bytes of the file, or of the row groups taken")


class Partition(Record):
    """The unit of work, named by what it contains: a piece of a large file, or some small files."""

    key: str = Field(description="hash of the files' fingerprints and the rows taken")
    window: Literal["source", "target"] = "source"
    pieces: tuple[Piece, ...]
    duplicates: int = Field(0, description="rows set aside since their id occurred before")
    without: str = Field("", description="hash of which rows those are; empty if there is none")
    votes: str = Field("", description="hash of the votes or rules that its labels are made of; or empty")
    copies: str = Field("", description="hash of what copies say against its labels; empty if nothing")

    decided: str = Field("", description="hash of what people decided about its rows; empty if nothing")

    @property
    def identity(self) -> str:
        """Names its content and which of its rows count."""
        return "-".join(filter(None, (self.key, self.without, self.votes)))

    @property
    def scored_as(self) -> str:
        """Names the same, and what copies say against its labels."""
        return "-".join(filter(None, (self.identity, self.copies)))

    @property
    def treated_as(self) -> str:
        """Names the same, and what people decided about its rows."""
        return "-".join(filter(None, (self.scored_as, self.decided)))

    @property
    def rows(self) -> int:
        """Rows as far as they are known before it is read."""
        return sum(piece.rows or 0 for piece in self.pieces)

    @property
    def size(self) -> int:
        """Bytes of the source that it covers."""
        return sum(piece.size for piece in self.pieces)

    def leaving_out(self, places: Collection[int]) -> Partition:
        """The partition without the pieces at these places: as its rows are others, so is its key."""
        if not places:
            return self
        key = hashlib.blake2b(f"{self.key}:{sorted(places)}".encode(), digest_size=10).hexdigest()
        pieces = tuple(piece for place, piece in enumerate(self.pieces) if place not in places)
        return self.model_copy(update={"key": key, "pieces": pieces})


class Check(Record):
    """The outcome of one expectation."""

    name: str
    ok: bool
    severity: Literal["error", "warning"]
    expected: str
    observed: str
    unexpected: tuple[str, ...] = Field((), description="a few offending values, for people")
    says: str = Field("", description="what a failure means, in a few words")
    key: str = Field("", description="of the config that sets it; empty: a threshold of the stage's gate")

    @property
    def sentence(self) -> str:
        """What failed: in words where the expectation has some, and the figure beside what was asked for."""
        examples = f": {', '.join(self.unexpected)}" if self.unexpected and self.says else ""
        beginning = f"{self.says}{examples} " if self.says else f"{self.name}: "
        observed = f"{self.observed}, expected {self.expected}"
        return beginning + (f"({self.name}: {observed})" if self.says else observed)


class GateResult(Record):
    """The verdict of one gate."""

    stage: Stage
    ok: bool = Field(description="no expectation of severity `error` failed")
    checks: tuple[Check, ...]

    @property
    def failed(self) -> list[Check]:
        """Expectations that stop the run."""
        return [check for check in self.checks if not check.ok and check.severity == "error"]

    @property
    def warned(self) -> list[Check]:
        """Expectations that failed but only warn."""
        return [check for check in self.checks if not check.ok and check.severity == "warning"]


class DatasetRef(Record):
    """What travels between stages instead of data: where a stage's output is, and what it is made of."""

    run_id: str
    dataset: str
    uri: str = Field(description="the run's folder in the store")
    classes: tuple[str | int, ...] = ()
    label_type: Literal["int", "string", "list", "number", "tags"] = "string"
    tag_scheme: str = Field("", description="of labels that are tags of tokens: what they keep")
    inferred: bool = Field(False, description="labels are inferred of what was observed of their rows")
    partitions: tuple[Partition, ...] = ()
    time_type: str = Field(
        "", description="that of the published time, as labelworks.tasks.sources.values.joined writes it"
    )
    encoder_key: str = ""
    joined_keys: tuple[str, ...] = Field((), description="of the encoders whose vectors were joined")
    model_key: str = Field("", description="names the fitted model that the scores are of")
    treat_key: str = Field("", description="names what rows are treated by, but for what people decided")

    @property
    def one_class(self) -> bool:
        """Whether a row has one class: not several labels, and no number."""
        return self.label_type in ("int", "string")

    def of(self, window: str) -> tuple[Partition, ...]:
        """Partitions of one window: source or target."""
        return tuple(part for part in self.partitions if part.window == window)


class Approval(Record):
    """What a person was asked and what became of it."""

    why: tuple[str, ...] = Field((), description="one sentence per reason")
    decision: Literal["", "waiting", "approve", "reject", "approved", "rejected", "expired"] = ""
    budget: int | None = Field(None, description="change at most so many labels; None: all")
    by: str = ""
    when: str = ""
    deadline: str = Field("", description="after it nothing is published unless a person says so")


class RunRecord(Record):
    """A whole run, as `labelworks run --json` prints it and the manifest keeps it.

    Findings of a stage that was not reached are None.
    """

    schema_version: int = Field(SCHEMA_VERSION, description="of this record's keys; older ones are read")
    run_id: str
    status: Status
    dataset: str
    version: int | None
    rows: int
    rejected_rows: int = Field(
        0, description="rows put aside by ingest and embed, of source and target; rejected.parquet says why"
    )
    left_out_files: int = Field(0, description="files not read, as their names begin with _ or a dot")
    work: dict[str, int]
    renamed_classes: tuple[RenamedClass, ...] = Field((), description="by dataset.class_mapping")
    crowd: CrowdFindings | None = Field(None, description="where labels are made of votes")
    rules: RulesFindings | None = Field(None, description="where labels are made of rules")
    inferred: InferredFindings | None = Field(None, description="where labels are inferred")
    embedding: EmbeddingFigures | None = None
    noise: NoiseFindings | None = None
    shift: ShiftFindings | None = Field(None, description="None too where there is no target window")
    performance: PerformanceFindings | None = Field(None, description="of detect.performance's model")
    ranking: tuple[RankingFindings, ...] = Field((), description="of dataset.predictions, by reading")
    drift: DriftFindings | None = None
    shortcuts: ShortcutFindings | None = Field(
        None, description="properties of texts and images that tell the label; of one class a row"
    )
    trees: TreeFindings | None = Field(
        None, description="of a table's cells, where they judge labels beside the probes of vectors"
    )
    poison: PoisonFindings | None = Field(
        None, description="small regions whose label all around contradicts; where detect.poison asks for it"
    )
    calibration: tuple[CalibrationFindings, ...] = Field(
        (), description="of the probes and of pred_probs, against given labels; of one class a row"
    )
    content: ContentFindings | None = Field(
        None, description="what is odd about texts and images themselves; None of other features"
    )
    nulls: tuple[ColumnNulls, ...] = Field(
        (), description="columns of the source without a value in some rows, of a sample; most first"
    )
    health: HealthFindings | None = Field(None, description="of labels, by class; of one class a row")
    trend: TrendFindings | None = Field(None, description="beside the last published version")
    treatment: TreatmentFindings | None = None
    validation: ValidationFindings | None = None
    prediction_sets: PredictionSetFindings | None = Field(None, description="None: no such column was asked")
    gates: dict[str, GateResult]
    report: str
    timings: dict[str, float]
    parts: tuple[str, ...] = Field((), description="the published files, relative to the run's folder")
    target_parts: tuple[str, ...] = Field((), description="files of the target's rows, relative likewise")
    exports: dict[str, str] = Field(
        default_factory=dict,
        description="where the version is besides, by form",
    )
    classes: tuple[Class, ...] = Field(
        (), description="in the order of soft_label, of posterior, and of every array over classes here"
    )
    config: dict[str, Any] = Field(default_factory=dict)
    code_version: str = ""
    started: str = Field("", description="when the run was begun, ISO 8601 in UTC")
    finished: str = ""
    approval: Approval | None = Field(None, description="what a person was asked and decided, if anything")

    @model_validator(mode="before")
    @classmethod
    def _of_any_version(cls, value: Any) -> Any:
        return upgraded(value) if isinstance(value, Mapping) else value
