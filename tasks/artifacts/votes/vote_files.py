"""The files of votes, read in batches: where they are, what occurs in them, and the votes on some items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.sources.column_roles import fits, label_family, missing, twice, unfit
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.given_labels import NO_NAME, read_labels, read_names
from labelworks.tasks.sources.values.columns import UNUSABLE, find_field, repeated

BATCH = 1 << 16  # votes that are read at a time
RANGES = 4096  # of the hashes of items: what votes are divided by
_SHIFT = np.uint64(52)
Range = tuple[int, int]  # the first, and the one after the last


@dataclass(frozen=True)
class VoteSource:
    """Where votes are, which of their columns is what, and the method that makes labels of them.

    source: as the config names it; place: its address. said: all that is asked; it names what is made of it.
    """

    source: str
    place: str
    format: str
    read_as: ReadAs
    item: str
    annotator: str
    label: str
    method: str
    said: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """Its columns: item, annotator, label."""
        return [self.item, self.annotator, self.label]

    def by(self, method: str) -> VoteSource:
        """The same, made into labels by another method."""
        return replace(self, method=method, said={**self.said, "method": method})


@dataclass(frozen=True)
class VoteSurvey:
    """What all votes hold: the type of the labels, the sorted classes that occur, votes by range of items.

    not_given: rows without an item, an annotator or an answer, which are no votes.
    """

    label_type: str
    classes: tuple[str | int, ...]
    by_range: NDArray[np.int64]
    not_given: int = 0


def vote_prints(asked: VoteSource, options: dict[str, Any]) -> list[str]:
    """Fingerprints of the files of votes; options: for fsspec."""
    files = list_files(asked.place, asked.format, options)
    return [f"votes:{file.name}:{file.fingerprint}" for file in files]


def survey_votes(asked: VoteSource, options: dict[str, Any]) -> VoteSurvey:
    """Read all votes once; raise InputError where a column or an answer can't be used."""
    readers, kind = _readers(asked, options)
    classes: set[str | int] = set()
    by_range, not_given = np.zeros(RANGES, np.int64), 0
    for held in _batches(readers, asked, kind):
        table = _given(held)
        not_given += len(held) - len(table)
        classes |= set(pc.unique(table["label"]).to_pylist())
        by_range += np.bincount(ranges_of(table["item"]), minlength=RANGES)
    return VoteSurvey(kind, tuple(sorted(classes)), by_range, not_given)


def read_votes(
    asked: VoteSource, options: dict[str, Any], ranges: Sequence[Range] = ((0, RANGES),)
) -> tuple[pa.Table, str]:
    """The votes on the items of some ranges: item, annotator and label; and the type of the labels."""
    readers, kind = _readers(asked, options)
    label = pa.int64() if kind == "int" else pa.string()
    schema = pa.schema([("item", pa.string()), ("annotator", pa.string()), ("label", label)])
    whole = any(first <= 0 and end >= RANGES for first, end in ranges)
    kept = [
        table if whole else table.filter(pa.array(_inside(ranges_of(table["item"]), ranges)))
        for table in map(_given, _batches(readers, asked, kind))
    ]
    return pa.concat_tables([schema.empty_table(), *kept]).combine_chunks(), kind


def ranges_of(items: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """The range of each item (n,): it depends on nothing but its name."""
    names = pc.fill_null(items, "")
    whole = names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
    return (hash_ids(whole) >> _SHIFT).astype(np.int64)


def _inside(place: NDArray[np.int64], ranges: Sequence[Range]) -> NDArray[np.bool_]:
    """Which of the places (n,) lie in one of the ranges."""
    return np.asarray(np.any([(place >= first) & (place < end) for first, end in ranges], axis=0))


def _readers(asked: VoteSource, options: dict[str, Any]) -> tuple[list[SourceReader], str]:
    """A reader of each file, and the type of the labels in all of them."""
    readers, families = [], set()
    for file in list_files(asked.place, asked.format, options):
        reader = SourceReader(asked.place, file.path, file.format, options, file.name, asked.read_as)
        schema = reader.look().schema
        if not schema.names:  # a blank file
            continue
        *_, label = _fields(schema, reader.where, asked)
        families.add(label_family(label.type))
        readers.append(reader)
    return readers, "int" if "int" in families <= {"int", "null"} else "string"


def _batches(readers: Sequence[SourceReader], asked: VoteSource, kind: str) -> Iterator[pa.Table]:
    for reader in readers:
        first = 0
        for batch in reader.batches(None, [*asked.columns, UNUSABLE], BATCH):
            _refuse_broken(batch, reader.where, first)
            yield _typed(batch, asked, kind)
            first += len(batch)


def _refuse_broken(batch: pa.RecordBatch, where: str, first: int) -> None:
    """Raise InputError naming the first row that can't be read. first: the place of the batch in its file."""
    reasons = batch.column(UNUSABLE)
    if (bad := pc.index(pc.is_valid(reasons), True).as_py()) >= 0:
        raise InputError(
            f"row {first + bad} of the votes can't be read: {reasons[bad].as_py()}",
            where=where,
            fix="mend the row, or take it out",
        )


def _given(votes: pa.Table) -> pa.Table:
    """The votes that somebody gave on something: no empty text or null among item, annotator and answer."""
    there = (pc.fill_null(pc.not_equal(column.cast(pa.string()), ""), False) for column in votes.columns)
    return votes.filter(reduce(pc.and_, there))


def _fields(schema: pa.Schema, where: str, asked: VoteSource) -> list[pa.Field]:
    """The columns of votes; raise InputError where one is missing, doubled, or unfit for its role."""
    fields = []
    roles = ("votes.item", "votes.annotator", "votes")
    for column, role in zip(asked.columns, roles, strict=True):
        field = find_field(schema, column)
        if field is None:
            raise missing(schema, where, column, "votes")
        if repeated(schema, column):
            raise twice(where, column, "votes")
        if not fits(field.type, role):
            raise unfit(where, column, field.type, role)
        fields.append(field)
    return fields


def _typed(batch: pa.RecordBatch, asked: VoteSource, kind: str) -> pa.Table:
    """Item, annotator and label of some votes; InputError naming the first that can't be read."""
    named = [_read(batch, name, asked) for name in (asked.item, asked.annotator)]
    given = batch.column(asked.label)
    labels, reasons = read_labels(given, pa.int64() if kind == "int" else pa.string())
    bad = pc.index(pc.is_valid(reasons), True).as_py()
    if bad >= 0:
        vote, item = given[bad].as_py(), named[0][bad].as_py()
        raise InputError(
            f"the vote {vote!r} on {item!r} can't be read: {reasons[bad].as_py()}",
            where=f"{asked.place}, column {asked.label!r}",
            fix="write the answers as whole numbers or as strings",
        )
    return pa.table([*named, labels], names=["item", "annotator", "label"])


def _read(batch: pa.RecordBatch, column: str, asked: VoteSource) -> pa.Array:
    """The names of items or annotators (n,)."""
    values = batch.column(column)
    names, reasons = read_names(values, column)
    if (bad := pc.index(pc.is_valid(reasons), True).as_py()) >= 0:
        raise InputError(
            f"the {column} {values[bad].as_py()!r} can't be read: it {NO_NAME.partition(':')[0]}",
            where=f"{asked.place}, column {column!r}",
            fix="write it as a string",
        )
    return names
