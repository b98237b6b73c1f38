"""Folders that hold several tables: rows and their votes are taken apart, anything else is asked."""

from __future__ import annotations

from collections.abc import Sequence

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.files import SourceFile
from labelworks.tasks.sources.guess.votes import find_votes
from labelworks.tasks.sources.profile import Profile, group_of, look

ALIKE = 0.5  # columns in common, of those of two files, from which on they are of one table
LISTED = 6


def look_apart(source: str, votes: str | None = None) -> tuple[Profile, Profile | None]:
    """Look at a dataset and at its votes, which may lie in one folder; InputError for other tables in one."""
    seen = look(source)
    tables = _tables(seen)
    if len(tables) < 2:
        return seen, look(votes) if votes else None
    looks = [look(place) for place in tables]
    voted = [table for table in looks if find_votes(table)]
    if votes is None and len(looks) == 2 and len(voted) == 1:
        return next(table for table in looks if table is not voted[0]), voted[0]
    listed = "; ".join(f"{place} ({', '.join(columns[:LISTED])})" for place, columns in tables.items())
    raise InputError(
        f"the files are of {len(tables)} tables: {listed}",
        where=source,
        fix="name one of them as the source (votes of another by --votes), or write them as one table",
    )


def _tables(seen: Profile) -> dict[str, tuple[str, ...]]:
    """Where the tables of a source are, by files of one folder and ending, and the columns of each."""
    columns_of: dict[str, tuple[str, ...]] = {}
    groups: dict[tuple[str, ...], list[SourceFile]] = {}
    for file in seen.files:
        groups.setdefault(group_of(file), []).append(file)
    for files in groups.values():
        columns = next((seen.columns_of[file.name] for file in files if file.name in seen.columns_of), None)
        if not columns or any(_alike(columns, other) for other in columns_of.values()):
            continue
        columns_of[_place(seen.source, files)] = columns
    return columns_of


def _alike(one: Sequence[str], other: Sequence[str]) -> bool:
    both = set(one) & set(other)
    return len(both) >= ALIKE * len({*one, *other})


def _place(source: str, files: list[SourceFile]) -> str:
    base = source.rstrip("/")
    if len(files) == 1:
        return f"{base}/{files[0].name}"
    folder, ending, stem = group_of(files[0])
    return "/".join(filter(None, (base, "" if folder == "." else folder, f"{stem}*{ending}")))
