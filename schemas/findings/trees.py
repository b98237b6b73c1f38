"""Trees of the cells of a table, which judge labels beside the probes of its vectors."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings


class TreeFindings(Findings):
    """Which trees, and on how much of the dataset they were fitted."""

    probe: str
    fitted_rows: int = Field(description="that each of them learned from, those of other folds")
    rows: int = Field(description="of the dataset")
    share: float = Field(description="what their log-probabilities count for")
    others: float = Field(description="what those of the other probes count for")
