"""Arrays of NumPy in files of their own, side by side: `X.npy` with the labels in `y.npy`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.split_names import is_split
from labelworks.tasks.storage.ranges import open_object

LABELS = ("y", "label", "labels", "target", "targets", "classes")
FEATURES = ("x", "data", "features", "images", "texts", "vectors", "embeddings")
AND = " + "  # between the files of a name that stands for several
SPLIT = "split"  # the column of what the files of `X_train.npy` and `y_train.npy` are called by
ROLE = "|".join((*LABELS, *FEATURES, "id", "ids"))
PART = re.compile(rf"(?:(?P<role>{ROLE})[_-](?P<part>.+)|(?P<before>.+)[_-](?P<last>{ROLE}))", re.IGNORECASE)


@dataclass(frozen=True)
class ArraysBeside:
    """Files of one array each, that are columns together: their paths by column."""

    fs: Any
    paths: dict[str, str]

    def open(self, column: str) -> AbstractContextManager[Any]:
        """The file of a column."""
        opened: AbstractContextManager[Any] = open_object(self.fs, self.paths[column], self.paths[column])
        return opened


def together(names: Iterable[str]) -> list[list[str]]:
    """The names of files that are columns side by side: those in a folder of which one holds labels.

    Of `X_train.npy`, `y_train.npy`, `X_test.npy` and `y_test.npy` two and two are. InputError where two
    of them would be one column.
    """
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name in sorted(names):
        if name.lower().endswith(".npy"):
            column, part = column_of(name)
            groups.setdefault((name.rpartition("/")[0], part), []).append((column, name))
    beside = [group for group in groups.values() if len(group) > 1 and any(is_label(of) for of, _ in group)]
    return [list(_by_column(group).values()) for group in beside]


def is_label(column: str) -> bool:
    """Whether an array of that name holds the labels."""
    return column.lower() in LABELS


def as_one(paths: list[str]) -> str:
    """One path that stands for files of a folder."""
    folder = paths[0].rpartition("/")[0]
    names = AND.join(path.rpartition("/")[2] for path in paths)
    return f"{folder}/{names}" if folder else names


def arrays_of(fs: Any, path: str) -> ArraysBeside | None:
    """The files that a path stands for, by column; None where it is one file."""
    folder, _, names = path.rpartition("/")
    several = names.split(AND)
    if len(several) < 2 or not all(name.lower().endswith(".npy") for name in several):
        return None
    return ArraysBeside(fs, {column_of(name)[0]: f"{folder}/{name}" if folder else name for name in several})


def split_values(name: str) -> dict[str, str | None]:
    """The column that the names of arrays side by side give, where they are those of a split."""
    several = name.rpartition("/")[2].split(AND)
    part = column_of(several[0])[1]
    return {SPLIT: part} if len(several) > 1 and is_split(part) else {}


def _by_column(group: list[tuple[str, str]]) -> dict[str, str]:
    files: dict[str, str] = {}
    for column, name in group:
        if column in files:
            raise InputError(
                f"{files[column]} and {name} would both be the column {column!r}",
                fix="rename one of them, or keep it in another folder",
            )
        files[column] = name
    return files


def column_of(name: str) -> tuple[str, str]:
    """The column that a file or an array is, and the part of the rows that it holds, such as `train`."""
    stem = name.rpartition("/")[2]
    stem = stem[: -len(".npy")] if stem.lower().endswith(".npy") else stem
    parted = PART.fullmatch(stem)
    if parted is None:
        return stem, ""
    role, part, before, last = (parted[group] for group in ("role", "part", "before", "last"))
    return (role, part) if role else (last, before)
