"""What moved within a dataset: windows of time, groups and slices, columns, label sets, batches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Interval, Number


class ChangePoint(Findings):
    """The first window of another class mix."""

    window: str
    p_value: Number


class WindowAlarm(Findings):
    """A sequential test over windows in order: it rings at 1 / level."""

    e_value: Number
    looks: int
    alarm: str | None = Field(None, description="the window at which it rang")


class WindowFindings(Findings):
    """W windows in order of time; arrays are in the order of `windows`. Of a target no label is known."""

    by: str = Field(description="hour, day, week, month, quarter, year or number")
    windows: tuple[str, ...]
    rows: tuple[int, ...]
    classes: tuple[Class, ...] = Field(description="the C classes whose shares moved most")
    prior: tuple[tuple[Number, ...], ...] = Field(description="class mix, (W, C)")
    interval: tuple[tuple[Interval, ...], ...] = Field(description="(W, C, 2)")
    total_variation: tuple[Number, ...] = Field(description="of the class mix against the whole's")
    mix_moved: tuple[bool, ...] = Field(description="whether that is more than chance")
    change_points: tuple[ChangePoint, ...]
    noise_rate: tuple[Number, ...] | None = None
    label_effect: tuple[Number, ...] | None = None
    label_p_value: tuple[Number, ...] | None = None
    label_psi: tuple[Number, ...] | None = None
    label_jensen_shannon: tuple[Number, ...] | None = None
    label_wasserstein: tuple[Number, ...] | None = None
    drift_effect: tuple[Number, ...] = Field(description="of the features against the windows before")
    drift_p_value: tuple[Number, ...]
    watch: WindowAlarm | None = None


class Group(Findings):
    """Rows of one value of a column, or of one region of the embeddings."""

    name: str
    rows: int
    error: Number = Field(description="share of wrong predictions")
    noise: Number = Field(None, description="share of wrong labels")
    mix_p_value: Number = None
    prior: tuple[Number, ...] = Field(description="in the order of the findings' `classes`")
    total_variation: Number = None
    drift_effect: Number = Field(None, description="not told of regions, which differ by their making")
    main_classes: tuple[Class, ...] = Field((), description="of a region: its largest classes")
    examples: tuple[str, ...] = Field((), description="of a region: ids of the rows in its middle")


class GroupFindings(Findings):
    """All groups of a column, or all regions: where predictions are wrong most often."""

    worst: str
    worst_error: Number
    error: Number = Field(description="on the whole")
    number: int = Field(description="how many there are; the largest are told")
    classes: tuple[Class, ...] = Field(description="those whose shares differ most between groups")
    prior: tuple[Number, ...] = Field(description="of the whole, in the order of `classes`")
    groups: tuple[Group, ...]

    @property
    def evenly(self) -> bool:
        """Whether predictions are wrong in none more often than on the whole."""
        return self.worst_error is None or self.error is None or self.worst_error <= self.error


class ColumnFindings(Findings):
    """How far a tabular column moved; effect: Cramér's V."""

    p_value: Number
    statistic: Number
    psi: Number
    jensen_shannon: Number
    wasserstein: Number
    effect: Number


class ChangedPair(Findings):
    """Two labels, and by how much their correlation changed."""

    labels: tuple[str, str]
    by: Number


class LabelSetFindings(Findings):
    """Of rows with several labels: whether labels go together as before, window by window."""

    by: str
    windows: tuple[str, ...]
    rows: tuple[int, ...]
    labels: tuple[Number, ...] = Field(description="labels a row")
    p_value: tuple[Number, ...]
    changed: tuple[ChangedPair | None, ...] = Field(description="the pair that changed most")


class Look(Findings):
    """One batch against all rows of before."""

    run: str
    rows: int
    p_value: Number
    effect: Number


class MonitorFindings(Findings):
    """A sequential test over the batches of all versions."""

    window: Literal["source", "target"]
    e_value: Number
    looks: int
    alarm: int | None = Field(None, description="the look at which it rang")
    batches: tuple[Look, ...] = Field((), description="the latest looks")


class DriftFindings(Findings):
    """What moved within the dataset; what was not looked at is None or empty."""

    time: WindowFindings | None = Field(None, description="windows of the labelled rows")
    target_time: WindowFindings | None = Field(None, description="windows of the target")
    groups: dict[str, GroupFindings] = Field(default_factory=dict, description="by column")
    slices: GroupFindings | None = Field(None, description="regions of the embeddings")
    columns: dict[str, ColumnFindings] = Field(default_factory=dict, description="tabular columns by name")
    labels: LabelSetFindings | None = None
    watch: MonitorFindings | None = None
