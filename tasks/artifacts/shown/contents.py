"""What is in rows that people look at: texts, encoded images, of other kinds where they are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.methods.encoders.values import image_bytes
from labelworks.tasks.sources.source import Source

SHOWN_TEXT = 400
READ_BYTES = 256 << 20  # of the source at most, read again to show what is in rows
PICTURED = 300  # rows at most whose images are read
READ = ("text", "columns")  # kinds of features that are read as they are
LOOKED_THROUGH = 64  # partitions at most in which a row is looked for by its id


@dataclass(frozen=True)
class Content:
    """What is in a row: a text, its tokens, an encoded image; of vectors and recordings where it is from."""

    text: str | None = None
    image: bytes | None = None
    vector: str | None = None
    tokens: tuple[str, ...] = ()


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
            made = (
                _read(source, partitions[key], here)
                if fits
                else _places(artifacts, ref, partitions[key], here)
            )
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


def _looked_at(source: Source, rows: int, pictured: int) -> int:
    """Of how many rows it is read what is in them."""
    kinds = [part.kind for part in source.columns.by_kind]
    if "image" in kinds:
        return pictured
    return rows if "text" in kinds or "tokens" in kinds or len(kinds) > 1 else 0


def _read(source: Source, partition: Partition, rows: Sequence[int]) -> list[Content]:
    places = np.array(rows, np.int32)
    kinds = [part.kind for part in source.columns.by_kind]
    if kinds == ["tokens"]:
        sentences = some_features(source, partition, places).to_pylist()
        return [Content(text=" ".join(row)[:SHOWN_TEXT], tokens=tuple(row)) for row in sentences]
    images: list[bytes | None] = [None] * len(rows)
    if "image" in kinds:
        images = list(image_bytes(some_features(source.only("image"), partition, places)))
    if kinds == ["image"]:
        return [Content(image=data) for data in images]
    texts = said_in_rows(source, partition, places)
    return [Content(said[:SHOWN_TEXT], data) for said, data in zip(texts, images, strict=True)]


def said_in_rows(source: Source, partition: Partition, places: NDArray[np.integer]) -> list[str]:
    """What can be read in rows: the text, then a line for each column; of several kinds both."""
    said: list[list[str]] = [[] for _ in places]
    for part in source.columns.by_kind:
        if part.kind not in READ:
            continue
        values = some_features(source.only(part.kind), partition, places).to_pylist()
        for lines, value in zip(said, values, strict=True):
            lines += [str(value)] if part.kind == "text" else [f"{name}: {of}" for name, of in value.items()]
    return ["\n".join(lines) for lines in said]


def _places(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> list[Content]:
    origin = origins(artifacts, ref, partition, rows)
    return [Content(vector=f"{file}, row {row}") for file, row in origin]
