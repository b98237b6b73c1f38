"""CSV with a header, gzip too: streamed, its types those of the first megabytes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from tasks.io.formats.base import Look
from tasks.io.formats.columns import roots

BLOCK = 4 << 20  # bytes; types are inferred from the first block


class Csv:
    """Comma-separated values."""

    suffixes = ("csv", "csv.gz")

    def look(self, file: Any, name: str) -> Look:
        """Read the header and infer the types."""
        return Look(_open(file, name, None).schema)

    def batches(
        self, file: Any, name: str, columns: list[str] | None, rows: int, groups: tuple[int, ...] | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, with nothing converted that isn't asked for."""
        wanted = None if columns is None else roots(self.look(file, name).schema, columns)
        yield from _open(file, name, wanted)


def _open(file: Any, name: str, columns: list[str] | None) -> Any:
    file.seek(0)
    packed = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
    convert = pa_csv.ConvertOptions(
        include_columns=columns,
        # an empty cell is null, and nothing else is: NA and null are names of countries and of classes
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        check_utf8=False,  # a row that isn't UTF-8 is put aside later, not the whole file now
    )
    return pa_csv.open_csv(
        packed,
        read_options=pa_csv.ReadOptions(block_size=BLOCK),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )
