"""The formats that a source may be in, each known by how its files' names end."""

from __future__ import annotations

from tasks.io.formats.arrow import Arrow
from tasks.io.formats.base import UNUSABLE, Format, Look
from tasks.io.formats.csv import Csv
from tasks.io.formats.jsonl import JsonLines
from tasks.io.formats.parquet import Parquet
from tasks.io.formats.webdataset import WebDataset

FORMATS: dict[str, Format] = {
    "parquet": Parquet(),
    "csv": Csv(),
    "jsonl": JsonLines(),
    "arrow": Arrow(),
    "webdataset": WebDataset(),
}

__all__ = ["FORMATS", "UNUSABLE", "Format", "Look", "format_of"]


def format_of(name: str) -> str | None:
    """The format a file's name ends in, or None."""
    for format_name, form in FORMATS.items():
        if name.lower().endswith(tuple(f".{suffix}" for suffix in form.suffixes)):
            return format_name
    return None
