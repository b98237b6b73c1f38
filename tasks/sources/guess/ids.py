"""Which columns name a row, and say when it was."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.types as types

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.guess.votes import VotesGuess
from labelworks.tasks.sources.profile import Profile

IDS = ("__key__", "id", "uuid", "guid", "key", "idx", "index", "path")
ID_ENDS = (
    "id", "no", "nr", "num", "number", "key", "uuid", "guid", "code", "hash", "ref", "sku", "idx", "index",
    "url", "uri", "path", "file", "filename", "isbn", "doi",
)  # fmt: skip
TIMES = ("date", "time", "datetime", "timestamp", "created", "updated", "day", "at", "on")
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
    items = _as_text(votes, voted.item)
    met = {
        column.name: len(items & _as_text(look, column.name)) for column in columns if fits(column.type, "id")
    }
    best = max(met, key=lambda name: met[name], default=None)
    if best is None or not met[best]:
        raise InputError(
            f"no column has the items that the votes refer to by {voted.item!r}",
            where=look.source,
            fix=f"votes are joined to rows by an id; columns: {look.listed}",
        )
    return Guess(best, f"{met[best]:,} of {len(items):,} items of the votes seen are among its values")


def _as_text(look: Profile, name: str) -> set[str]:
    return {str(value) for value in look.values(name)}


def find_id(columns: list[Column]) -> Guess | None:
    """A column whose values all differ and whose name says that it is one."""
    whole = [
        column for column in columns
        if column.values > 1 and column.distinct == column.values and not column.nulls
        and fits(column.type, "id") and column.length <= LONGEST_ID
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
