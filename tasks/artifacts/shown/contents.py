"""What is in rows that people look at: texts, encoded images, columns; of other kinds where they are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.artifacts.shown.cells import Cell, cells_of
from labelworks.tasks.methods.encoders.values import image_bytes
from labelworks.tasks.sources.source import Source

SHOWN_TEXT = 400
SHOWN_CELLS = 40  # columns of a row at most
READ_BYTES = 256 << 20  # of the source at most, read again to show what is in rows
PICTURED = 300  # rows at most whose images are read
READ = ("text", "columns")  # kinds of features that are read as they are
LOOKED_THROUGH = 64  # partitions at most in which a row is looked for by its id


@dataclass(frozen=True)
class Content:
    """What is in a row: a text, its tokens, an encoded image, cells; of other kinds where it is from.

    cells: the columns of a table, those that tell first; columns: how many there are.
    """

    text: str | None = None
    image: bytes | None = None
    vector: str | None = None
    tokens: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    columns: int = 0


def contents(
    artifacts: Artifacts,
    source: Source,
    ref: DatasetRef,
    rows: Sequence[tuple[str, int]],
    pictured: int = PICTURED,
) -> list[Content]:
    """What is in rows, each named by its partition and its number there, those that matter most first.

    Images are read of the first so many (pictured), and partitions while they aren't too large; of the other
    rows it is said where they are from. A row that is named twice is read, and counts, once.
    """
    named = list(dict.fromkeys(rows))
    partitions = {partition.key: partition for partition in ref.partitions}
    read, looked = 0, _looked_at(source, len(named), pictured)
    by_place: dict[tuple[str, int], Content] = {}
    for readable, some in ((True, named[:looked]), (False, named[looked:])):
        for key in dict.fromkeys(partition for partition, _ in some):
            here = [row for partition, row in some if partition == key]
            fits = readable and read < READ_BYTES
            read_or_named = _read if fits else _places
            made = read_or_named(artifacts, source, ref, partitions[key], here)
            read += partitions[key].size * fits
            by_place |= {(key, row): content for row, content in zip(here, made, strict=True)}
    return [by_place[row] for row in rows]


def by_ids(
    artifacts: Artifacts, source: Source, ref: DatasetRef, window: str, ids: Sequence[str]
) -> dict[str, Content]:
    """What is in the rows of a window that have these ids; those that aren't found soon are left out."""
    places: dict[str, tuple[str, int]] = {}
    for partition in ref.of(window)[:LOOKED_THROUGH]:
        if len(places) == len(set(ids)):
            break
        index = artifacts.store.read_table(artifacts.index(ref.label_type, partition), ["row", "id"])
        here = index.filter(pc.is_in(index["id"], value_set=pa.array(ids, pa.string()))).to_pylist()
        places |= {row["id"]: (partition.key, row["row"]) for row in here}
    return dict(zip(places, contents(artifacts, source, ref, list(places.values())), strict=True))


def origins(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: Sequence[int] | NDArray[np.integer]
) -> list[tuple[str, int]]:
    """Where rows of a partition are from: the file of each, and its number there."""
    name = artifacts.index(ref.label_type, partition)
    index = artifacts.store.read_table(name, ["row", "file", "file_row"])
    origin = index.take(pa.array(np.searchsorted(index["row"].to_numpy(), rows)))
    return list(zip(origin["file"].to_pylist(), origin["file_row"].to_pylist(), strict=True))


def said(content: Content) -> str:
    """What can be read in a row: the text, then a line for each column."""
    text = [] if content.text is None else [content.text]
    return "\n".join([*text, *(f"{cell.name}: {cell.value}" for cell in content.cells)])


def whole_contents(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> list[Content]:
    """What can be read in rows of a partition, of any length: texts and columns."""
    kinds = [part.kind for part in source.columns.by_kind]
    texts: list[str | None] = [None] * len(rows)
    cells: list[tuple[Cell, ...]] = [()] * len(rows)
    if "text" in kinds:
        held = some_features(source.only("text"), partition, np.array(rows, np.int32)).to_pylist()
        texts = ["" if text is None else str(text) for text in held]
    if "columns" in kinds:
        cells = cells_of(artifacts, source, ref, partition, rows)
    return [Content(text, cells=row, columns=len(row)) for text, row in zip(texts, cells, strict=True)]


def _looked_at(source: Source, rows: int, pictured: int) -> int:
    """Of how many rows it is read what is in them."""
    kinds = {part.kind for part in source.columns.by_kind}
    if "image" in kinds:
        return pictured
    return rows if kinds & {*READ, "tokens"} else 0


def _read(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> list[Content]:
    places = np.array(rows, np.int32)
    kinds = [part.kind for part in source.columns.by_kind]
    if kinds == ["tokens"]:
        sentences = some_features(source, partition, places).to_pylist()
        return [Content(text=" ".join(row)[:SHOWN_TEXT], tokens=tuple(row)) for row in sentences]
    images: list[bytes | None] = [None] * len(rows)
    if "image" in kinds:
        images = list(image_bytes(some_features(source.only("image"), partition, places)))
    return [
        replace(row, text=row.text and row.text[:SHOWN_TEXT], image=image, cells=row.cells[:SHOWN_CELLS])
        for row, image in zip(whole_contents(artifacts, source, ref, partition, rows), images, strict=True)
    ]


def _places(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> list[Content]:
    origin = origins(artifacts, ref, partition, rows)
    return [Content(vector=f"{file}, row {row}") for file, row in origin]
