"""What cards and catalogues say of a version, from its record, its parts and what its ingest put aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from labelworks.schemas.findings import IngestFigures
from labelworks.schemas.records import RunRecord
from labelworks.schemas.stage_results import IngestResult
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.described.contents import Contents
from labelworks.tasks.exports.described.nutrition import NutritionLine, nutrition


@dataclass(frozen=True)
class Facts:
    """A version in facts. columns: name, type and what each is about."""

    record: RunRecord
    contents: Contents
    columns: list[tuple[str, str, str]]
    kind: str
    """Of the features: text, image, vector or columns."""
    task: str
    rejected: int | None = None

    @property
    def about(self) -> Mapping[str, Any]:
        """What the config says of the dataset for people."""
        stated: Mapping[str, Any] = self.record.config.get("dataset", {}).get("about", {})
        return stated

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.about.get("title") or self.record.dataset)

    @property
    def folder(self) -> str:
        """Where its parts lie in the run's folder."""
        first: str = self.record.parts[0]
        return first.rpartition("/")[0]

    @property
    def nutrition(self) -> list[NutritionLine]:
        """What is in it, in lines."""
        return nutrition(self.record, self.contents, self.rejected)


def facts_of(version: Version) -> Facts:
    """The facts of a published version; its parts are read for what is counted."""
    schema = version.store.read_schema(version.parts[0])
    columns = version.source.columns
    ingested = version.artifacts.result(IngestResult)
    figures = ingested.figures if ingested else None
    return Facts(
        version.record,
        version.contents,
        [(field.name, str(field.type), _about(field)) for field in schema],
        columns.kind,
        columns.task,
        max(version.record.rejected_rows, _rejected(figures) or 0),
    )


def _rejected(figures: IngestFigures | None) -> int | None:
    return figures.rejected_rows if figures else None


def _about(field: pa.Field) -> str:
    about: bytes = (field.metadata or {}).get(b"about", b"")
    return about.decode()
