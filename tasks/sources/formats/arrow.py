"""Arrow IPC, files and streams; Hugging Face `datasets` keeps its data in streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from labelworks.tasks.sources.formats.base import FileSummary, ReadAs
from labelworks.tasks.sources.values.columns import roots

MAGIC = b"ARROW1"


class Arrow:
    """Arrow IPC files."""

    suffixes = ("arrow", "feather", "ipc")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Read the schema."""
        return FileSummary(_open(file, None)[0].schema)

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the record batches as they were written."""
        fields = None
        if columns is not None:
            schema = _open(file, None)[0].schema
            # one column at least: it tells the number of rows
            fields = [schema.names.index(root) for root in roots(schema, columns)] or [0]
        reader, whole = _open(file, fields)
        if whole:
            yield from (reader.get_batch(index) for index in range(reader.num_record_batches))
        else:
            yield from reader


def _open(file: Any, fields: list[int] | None) -> tuple[Any, bool]:
    """A reader of some fields, and whether it is of a file (else of a stream)."""
    file.seek(0)
    whole = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    options = pa.ipc.IpcReadOptions(included_fields=fields)
    return (pa.ipc.open_file if whole else pa.ipc.open_stream)(file, options=options), whole
