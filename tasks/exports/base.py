"""A version as the exports see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import DatasetRef, Partition, RunRecord
from labelworks.schemas.stage_results import read_ref
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.exports.described.contents import Contents, contents_of
from labelworks.tasks.sources.source import Source
from labelworks.tasks.storage.store import Store


@dataclass(frozen=True)
class Version:
    """A published version: what the run that made it kept, what opens its source, and its record."""

    artifacts: Artifacts
    source: Source
    record: RunRecord

    @property
    def store(self) -> Store:
        """The store that it is in."""
        return self.artifacts.store

    @property
    def dataset(self) -> str:
        """Name of the dataset, or of the window of it."""
        return self.record.dataset

    @property
    def number(self) -> int:
        """Number of the version."""
        return self.record.version or 0

    @property
    def run_id(self) -> str:
        """The run that made it."""
        return self.record.run_id

    @property
    def folder(self) -> str:
        """The run's folder in the store."""
        return f"{self.dataset}/runs/{self.run_id}"

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its parts in the store."""
        return tuple(f"{self.folder}/{part}" for part in self.record.parts)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the parts one after the other."""
        for part in self.parts:
            yield self.store.read_table(part)

    @cached_property
    def contents(self) -> Contents:
        """What is in its rows. Every part is read, once for all that is written of it."""
        return contents_of(self.store, self.parts)

    @cached_property
    def ref(self) -> DatasetRef:
        """What the parts were made of, as the publish stage left it. Raises InputError where it is gone."""
        stage = self.record.parts[0].partition("/")[0] if self.record.parts else "publish"
        name = f"{self.folder}/{stage}/result.json"
        if not self.store.exists(name):
            raise InputError("the run doesn't say what it was made of", where=self.store.url(name))
        return read_ref(self.store.read(name))

    @cached_property
    def partitions(self) -> dict[str, Partition]:
        """The partition of the source that each part is of, by the name of the part."""
        by_key = {partition.key: partition for partition in self.ref.of("source")}
        return {part: by_key[part.rsplit("/part-", 1)[1].removesuffix(".parquet")] for part in self.parts}
