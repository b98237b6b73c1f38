"""Which columns name a row, and say when it was."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.types as types

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.given_labels import read_names
from labelworks.tasks.sources.guess.column import Column, plain
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.guess.votes import VotesGuess
from labelworks.tasks.sources.profile import Profile
from labelworks.tasks.sources.profile import look as look_again

IDS = ("__key__", "id", "uuid", "guid", "key", "idx", "index", "path")
ID_ENDS = (
    "id", "no", "nr", "num", "number", "key", "uuid", "guid", "code", "hash", "ref", "sku", "idx", "index",
    "url", "uri", "path", "file", "filename", "isbn", "doi",
)  # fmt: skip
TIMES = ("date", "time", "datetime", "timestamp", "created", "updated", "day", "at", "on")
SHOWN = 3
LONGEST_ID = 80  # bytes on average


@dataclass(frozen=True)
class Guess:
    """A column taken for a role, and why."""

    column: str
    why: str


def voted_on(look: Profile, columns: list[Column], voted: VotesGuess, votes: Profile | None) -> Guess:
    """The column of the rows that the items of votes refer to; InputError where there is none."""
    if votes is None:
        return Guess(voted.item, "the item of the votes")
    items = _names(votes, [voted.item])[voted.item]
    keys = [column.name for column in columns if column.is_key()]
    met = {name: len(items & held) for name, held in _names(look, keys).items()}
    best = max(met, key=lambda name: met[name], default=None)
    if best is None or not met[best]:
        raise InputError(
            f"no column has the items that the votes refer to by {voted.item!r}",
            where=look.source,
            fix="votes are joined to rows by an id, written alike in both (7.0 or 007 is not 7): items are "
            f"{', '.join(sorted(items)[:SHOWN])} …; columns: {look.listed}",
        )
    return Guess(best, f"{met[best]:,} of {len(items):,} items of the votes seen are among its values")


def _names(seen: Profile, columns: list[str]) -> dict[str, set[str]]:
    """The names in some columns of the sample, as a run reads them: in CSV as they stand."""
    if "csv" in seen.formats:
        seen = look_again(seen.source, kinds=dict.fromkeys(columns, "string"))
    read = {name: read_names(plain(seen.sample[name].combine_chunks()), name)[0] for name in columns}
    return {name: set(names.drop_null().unique().to_pylist()) for name, names in read.items()}


def find_id(columns: list[Column]) -> Guess | None:
    """A column whose values all differ and whose name says that it is one."""
    whole = [
        column for column in columns
        if column.values > 1 and column.distinct == column.values and not column.nulls
        and column.is_key() and column.length <= LONGEST_ID
    ]  # fmt: skip
    whole.sort(key=lambda column: (column.name.lower() not in IDS, not _ends(column)))
    for column in whole:
        if column.name.lower() in IDS or _ends(column):
            return Guess(column.name, f"all different in {column.values:,} rows")
    return None


def _ends(column: Column) -> bool:
    parts = words(column.name)
    return bool(parts) and (parts[-1] in ID_ENDS or parts[-1].endswith("id"))


def find_time(columns: list[Column]) -> Guess | None:
    """A column of times by its type; of dates as text, by its name too."""
    for column in columns:
        if types.is_timestamp(column.type) or types.is_date(column.type):
            return Guess(column.name, f"its type is {column.type}")
    for column in columns:
        if column.dates == 1 and set(words(column.name)) & set(TIMES):
            return Guess(column.name, "dates as text")
    return None
