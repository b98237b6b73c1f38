"""The formats that a source may be in, each known by how its files' names end."""

from __future__ import annotations

from collections.abc import Iterable

from labelworks.tasks.sources.formats.arrow import Arrow
from labelworks.tasks.sources.formats.base import FileSummary, Format, ReadAs, UnreadableError
from labelworks.tasks.sources.formats.conll import Conll
from labelworks.tasks.sources.formats.csv import Csv
from labelworks.tasks.sources.formats.images import Images
from labelworks.tasks.sources.formats.jsonl import JsonLines
from labelworks.tasks.sources.formats.npz import Npz
from labelworks.tasks.sources.formats.parquet import Parquet
from labelworks.tasks.sources.formats.webdataset import WebDataset
from labelworks.tasks.sources.values.columns import UNUSABLE

FORMATS: dict[str, Format] = {
    "parquet": Parquet(),
    "csv": Csv(),
    "jsonl": JsonLines(),
    "arrow": Arrow(),
    "webdataset": WebDataset(),
    "numpy": Npz(),
    "images": Images(),
    "conll": Conll(),
}

__all__ = [
    "FORMATS",
    "UNUSABLE",
    "FileSummary",
    "Format",
    "ReadAs",
    "UnreadableError",
    "format_of",
    "formats_of",
]


def formats_of(names: Iterable[str], form: str) -> dict[str, str]:
    """The format of each name that is data: the one named, or by how it ends.

    Images are data where nothing else is: beside tables they are what these speak of.
    """
    kinds = {name: format_of(name) if form in ("auto", "images") else form for name in names}
    if form == "images" or not set(kinds.values()) - {"images", None}:
        return {name: kind for name, kind in kinds.items() if kind == "images"}
    return {name: kind for name, kind in kinds.items() if kind and (form != "auto" or kind != "images")}


def format_of(name: str) -> str | None:
    """The format a file's name ends in, or None."""
    for format_name, form in FORMATS.items():
        if name.lower().endswith(tuple(f".{suffix}" for suffix in form.suffixes)):
            return format_name
    return None
