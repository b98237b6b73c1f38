"""What is said of a table in which no column tells rows apart, and what is to be done about that."""

from __future__ import annotations

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.guess.label import Candidate, rank_of
from labelworks.tasks.sources.profile import Profile


def told_apart(look: Profile, label: Candidate) -> None:
    """Raise InputError where all rows there are have the same label."""
    if look.whole and label.column.distinct == 1 and label.task == "classification":
        raise InputError(
            f"every row has the {label.name} {look.values(label.name)[0]!r}: one class only",
            where=look.source,
            fix=f"name another column with --label; columns: {look.listed}",
        )


def empty(look: Profile) -> str:
    """Which column of a label's name has no value."""
    empty = [column.name for column in look.columns if not column.values and rank_of(column.name) < 2]
    return f"{empty[0]} is empty in all rows; " if empty else ""


def alone(look: Profile) -> str:
    """What is to be done about an array without labels, and about images without folders."""
    if look.formats == ("images",):
        return "the folder that an image is in is its label: put each into one, or write a table of paths; "
    arrays = all(file.name.lower().endswith(".npy") for file in look.files)
    return "an .npy is one array: save the labels beside it as y.npy, and name the folder; " if arrays else ""
