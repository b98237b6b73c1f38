"""What is found of rules that labels are made of."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Number


class RuleFindings(Findings):
    """One rule: on which share of the rows it fires, with others and against them, and how right it is."""

    name: str
    label: Class | None = Field(description="the class that it speaks for; None: it names one itself")
    fires: int = Field(description="rows")
    coverage: Number
    overlaps: Number = Field(description="share of the rows on which it fires with another one")
    conflicts: Number = Field(description="share of the rows on which it and another one differ")
    accuracy: Number = Field(
        description="how often it is right where it fires, as far as all tell; .8 of one that meets none"
    )
    failed: int = Field(description="rows that it could not look at, where it abstained")
    repeats: str | None = Field(None, description="an earlier rule that says the same: the two count as one")


class RulesFindings(Findings):
    """Rules that labels are made of."""

    method: str
    rows: int
    covered: int = Field(description="rows on which some rule fires; the others are left out, or inferred")
    coverage: Number
    conflicts: Number = Field(description="share of the rows on which rules differ")
    prior: tuple[float, ...] = Field(description="share of each class, as given or as estimated")
    prior_given: bool
    rules: tuple[RuleFindings, ...]
