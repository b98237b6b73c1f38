"""How healthy labels are, class by class, and what else of the rows bears on them."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Interval, Number

LEVEL = 0.05  # of the test of the order


class ClassHealth(Findings):
    """The labels of one class."""

    name: Class
    rows: int = Field(description="that bear the label")
    flagged: int = Field(description="of these")
    quality: Number = Field(description="1 − mean P(the label is wrong) over these rows")


class OrderFindings(Findings):
    """Whether rows that lie near one another in the dataset are more alike than others."""

    rows: int = Field(description="of the sample that were looked at")
    effect: Number = Field(description="Kolmogorov-Smirnov distance of distances in the order, 0 to 1")
    p_value: Number = Field(description="share of random orders with as large an effect")

    @property
    def told(self) -> bool:
        """Whether it is more than chance gives."""
        return self.p_value is not None and self.p_value <= LEVEL


class ValueFindings(Findings):
    """What rows are worth to one another, as neighbours that vote."""

    rows: int = Field(description="of the sample that were looked at")
    harmful: int = Field(description="of these, rows whose Shapley value is below 0")
    lowest: tuple[str, ...] = Field((), description="ids of those of the least value, least first")


class HealthFindings(Findings):
    """The labels of a dataset of one class a row."""

    score: Number = Field(description="1 − estimated share of wrong labels")
    interval: Interval = Field(description="of the score")
    classes: tuple[ClassHealth, ...] = Field(description="those whose labels are worst first")
    balance: Number = Field(description="share of the rarest class times the number of classes: 1 is even")
    rarest: Class | None = None
    order: OrderFindings | None = Field(None, description="None: too few rows to tell")
    value: ValueFindings | None = Field(None, description="None: too few rows to tell")
