"""The source of a dataset: what opens the rows of a partition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labelworks.schemas.records import Partition
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.images import ImageReader
from labelworks.tasks.sources.partition_reader import PartitionReader


@dataclass(frozen=True)
class Source:
    """Where the files of each window are, and how they are read. Pickles; secrets stay out of its repr.

    places: addresses by window (`source`, `target`). options: for fsspec. timed: whether it matters what the
    times of the rows are; else they are only carried through.
    """

    places: Mapping[str, str]
    columns: Columns
    read_as: ReadAs = ReadAs()  # noqa: RUF009 - frozen
    format: str = "auto"
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    timed: bool = False

    def only(self, kind: str) -> Source:
        """The same with the features of one kind alone; files are read as before."""
        return replace(self, columns=self.columns.only(kind))

    def reader(self, partition: Partition, read_as: ReadAs | None = None) -> PartitionReader:
        """Reader of a partition's rows."""
        of_images = any(piece.format == "images" for piece in partition.pieces[:1])
        reader = ImageReader if of_images else PartitionReader
        return reader(self.places[partition.window], partition, self.options, read_as or self.read_as)

    def verbatim(self, partition: Partition) -> PartitionReader:
        """The same, but what stands in files without types of their own is read as it stands, as strings."""
        names = (name for schema in self.reader(partition).schemas() for name in schema.names)
        as_written = replace(self.read_as, kinds=dict.fromkeys(names, "string"), judged=(), pictures=())
        return self.reader(partition, as_written)
