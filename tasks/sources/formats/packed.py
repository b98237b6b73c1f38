"""Files of text, unpacked where they are packed; those that are something else are told apart."""

from __future__ import annotations

import gzip
from typing import Any

from labelworks.tasks.sources.formats.base import UnreadableError

GZIP = b"\x1f\x8b"
OTHERS = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PAR1": "parquet",
    b"ARROW1": "an Arrow file",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ\x00": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"SQLite format 3": "an SQLite database",
}
WIDEST = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")  # byte order marks of UTF-32
WIDE = (b"\xff\xfe", b"\xfe\xff", *WIDEST)  # and of UTF-16


def unpacked(file: Any, name: str) -> Any:
    """The file from its start, without gzip; UnreadableError where it isn't what its name says."""
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    named = name.lower().endswith(".gz")
    if named and not head.startswith(GZIP):
        raise UnreadableError("its name ends in .gz, but it isn't gzip", "rename the file, or pack it")
    if not named and head.startswith(GZIP):
        raise UnreadableError("it is gzip, but its name doesn't end in .gz", f"name it {_last(name)}.gz")
    for magic, what in OTHERS.items():
        if head.startswith(magic):
            raise UnreadableError(
                f"it is {what}, not text as its name says", "rename the file, or unpack or export it"
            )
    return gzip.GzipFile(fileobj=file) if named else file


def _last(name: str) -> str:
    return name.rpartition("/")[2]
