"""Files of text, unpacked where they are packed; those that are something else are told apart."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from labelworks.tasks.sources.formats.base import UnreadableError

OTHERS = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PAR1": "parquet",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
}
WIDEST = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")  # byte order marks of UTF-32
WIDE = (b"\xff\xfe", b"\xfe\xff", *WIDEST)  # and of UTF-16


@dataclass(frozen=True)
class Packing:
    """A way to pack a file: what it is called, what it begins with, and how it is read as it comes."""

    name: str
    magic: bytes
    read: Callable[[Any], Any]


class _Kept:
    """A file that stays open when its reader is closed."""

    closed = False

    def __init__(self, file: Any) -> None:
        self.read = file.read

    def close(self) -> None:
        """Leave it to whoever opened it."""


def _zstd(file: Any) -> Any:
    return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(_Kept(file), "r"), "zstd"))


PACKINGS = {
    ".gz": Packing("gzip", b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    ".bz2": Packing("bzip2", b"BZh", bz2.BZ2File),
    ".xz": Packing("xz", b"\xfd7zXZ\x00", lzma.LZMAFile),
    ".zst": Packing("zstd", b"\x28\xb5\x2f\xfd", _zstd),
}


def with_packings(*endings: str) -> tuple[str, ...]:
    """The endings of plain files, and those of packed ones."""
    return (*endings, *(f"{ending}{packing}" for ending in endings for packing in PACKINGS))


def unpacked(file: Any, name: str) -> Any:
    """The file from its start, unpacked as it is read; UnreadableError where it isn't what its name says."""
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    named = next((ending for ending in PACKINGS if name.lower().endswith(ending)), "")
    is_in = next((ending for ending, packing in PACKINGS.items() if head.startswith(packing.magic)), "")
    if named and named != is_in:
        wrong = f"its name ends in {named}, but it isn't {PACKINGS[named].name}"
        raise UnreadableError(wrong, "rename the file, or pack it")
    if is_in and not named:
        wrong = f"it is {PACKINGS[is_in].name}, but its name doesn't end in {is_in}"
        raise UnreadableError(wrong, f"name it {_last(name)}{is_in}")
    for magic, what in OTHERS.items():
        if head.startswith(magic):
            raise UnreadableError(
                f"it is {what}, not text as its name says", "rename the file, or unpack or export it"
            )
    return PACKINGS[named].read(file) if named else file


def _last(name: str) -> str:
    return name.rpartition("/")[2]
