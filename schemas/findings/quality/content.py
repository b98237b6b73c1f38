"""What is odd about the content of rows, whatever their labels are."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings


class IssueFindings(Findings):
    """One content issue, and the rows that have it."""

    name: str = Field(description="of the method: `labelworks methods --stage detect` lists them")
    rows: int
    share: float = Field(description="of the rows that were looked at")
    examples: tuple[str, ...] = Field((), description="ids of some of these rows, the oddest first")


class ColumnNulls(Findings):
    """A column that has no value in some rows."""

    name: str
    rows: int = Field(description="that were looked at")
    nulls: int = Field(description="of these, rows without a value")


class TextCopies(Findings):
    """Texts that are nearly the same: Jaccard similarity of their sequences of five bytes at least 0.8."""

    rows: int = Field(description="that were compared: of many a part, in which copies stay together")
    copies: int = Field(description="of these, rows with a near or equal text")
    groups: int = Field(description="of such rows")
    conflicts: int = Field(description="copies in groups whose labels differ")
    examples: tuple[tuple[str, ...], ...] = Field((), description="ids of the largest groups")


class ContentFindings(Findings):
    """Content issues of all rows that can be used, those without a vector among them."""

    rows: int = Field(description="that were looked at")
    odd_rows: int = Field(description="with one issue at least; personal data alone is none")
    issues: tuple[IssueFindings, ...] = Field((), description="what was looked for, in order of name")
    copies: TextCopies | None = Field(None, description="of texts, by MinHash: no vector is asked")

    @property
    def odd_share(self) -> float:
        """Share of the rows that are odd."""
        return self.odd_rows / max(self.rows, 1)
