"""Properties of the rows that tell the label by themselves."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Number


class PropertyFindings(Findings):
    """One property, and what it tells of the label."""

    name: str
    p_value: float = Field(description="adjusted for the number of properties (Holm)")
    tells: bool = Field(description="the adjusted p-value is at most 0.05")
    gain: Number = Field(description="share of the label's entropy that it takes away, out of sample")
    accuracy: Number = Field(description="of guesses from it alone, out of sample")
    chance: Number = Field(description="accuracy of always guessing the commonest class")
    low: Number = Field(None, description="the values that go most with one class: from here …")
    high: Number = Field(None, description="… to here")
    label: Class | None = Field(None, description="that class")
    share: Number = Field(None, description="of the rows of these values that bear it")
    rows: int = Field(0, description="of these values and that class, among those looked at")
    examples: tuple[str, ...] = Field((), description="ids of some of these rows")


class ShortcutFindings(Findings):
    """What can be seen of rows without understanding them, and what of it tells the label."""

    rows: int = Field(description="that were looked at")
    properties: tuple[PropertyFindings, ...] = Field((), description="what tells most first")

    @property
    def gain(self) -> float:
        """The largest gain of a property that tells the label; 0 where none does."""
        return max((prop.gain or 0.0 for prop in self.properties if prop.tells), default=0.0)
