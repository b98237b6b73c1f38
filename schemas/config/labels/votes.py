"""Votes of a configuration: the answers of several annotators, of which labels are made."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.config.files import CsvConfig, Format
from labelworks.schemas.config.section import Section


class VotesConfig(Section):
    """The answers of several annotators, of which labels are made: one row a vote."""

    source: str = Field("", description="a path, a glob, a folder, or s3://bucket/prefix/; empty: no votes")
    format: Format = Field("auto", description="of the files; auto: by their names")
    csv: CsvConfig = CsvConfig()
    item: str = Field("item", description="the column of the ids that dataset.id names in the rows")
    annotator: str = Field("annotator", description="the column of who answered")
    label: str = Field("label", description="the column of the answers")
    method: str = Field(
        "auto", description="how votes become a label: of `labelworks methods --stage ingest`, kind crowd"
    )

    @property
    def columns(self) -> list[str]:
        """Its columns: item, annotator, label."""
        return [self.item, self.annotator, self.label]
