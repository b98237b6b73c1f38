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


class ContentFindings(Findings):
    """Content issues of all rows that can be used, those without a vector among them."""

    rows: int = Field(description="that were looked at")
    odd_rows: int = Field(description="with one issue at least; personal data alone is none")
    issues: tuple[IssueFindings, ...] = Field((), description="what was looked for, in order of name")

    @property
    def odd_share(self) -> float:
        """Share of the rows that are odd."""
        return self.odd_rows / max(self.rows, 1)
