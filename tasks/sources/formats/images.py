"""Folders of images: each file is a row, whose class is the folder that it lies in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from labelworks.tasks.sources.formats.base import FileSummary, ReadAs
from labelworks.tasks.sources.values.columns import folder_values

IMAGE = "image"
TOP, NEAREST = "top", "label"  # columns that its folders give: of the first, of the last one
ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")


class Images:
    """Columns: `image` (its bytes); by its name `path`, `label` (the folder it is in), `top` (the first)."""

    suffixes = ENDINGS

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Measure the file; what is in it is seen when it is decoded."""
        return FileSummary(pa.schema([pa.field(IMAGE, pa.binary())]), ((1, file.seek(0, os.SEEK_END)),))

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the one row; its bytes are only read where they are asked for."""
        file.seek(0)
        read = columns is None or IMAGE in columns
        data = pa.array([file.read() if read else None], pa.binary())
        yield pa.RecordBatch.from_arrays([data], names=[IMAGE])


def image_values(name: str) -> dict[str, str | None]:
    """Columns that an image's name in its source gives; folders such as `label=cat` come before them."""
    folders = PurePosixPath(name).parts[:-1]
    nearest, first = (folders[-1], folders[0]) if folders else (None, None)
    return {"path": name, NEAREST: nearest, TOP: first} | folder_values(name)
