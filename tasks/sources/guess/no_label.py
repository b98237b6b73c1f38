"""What is said of a table in which no column tells rows apart, and what is to be done about that."""

from __future__ import annotations

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.given_labels import LEAST_ROWS
from labelworks.tasks.sources.guess.label import Candidate, rank_of, task_of
from labelworks.tasks.sources.profile import Profile

MOSTLY = 0.9  # of texts are numbers


def told_apart(look: Profile, label: Candidate) -> None:
    """Raise InputError where all rows there are have the same label, or nearly each has its own."""
    column = label.column
    if look.whole and label.task == "classification" and column.values < LEAST_ROWS * (column.distinct or 0):
        numbers = column.numerals > MOSTLY
        kind = "numbers among which are a few texts" if numbers else "as many as an id has"
        mend = "write empty cells where there is no number; or " if numbers else ""
        raise InputError(
            f"{label.name} has {column.distinct:,} values in {column.values:,} rows: {kind}",
            where=look.source,
            fix=f"{mend}name the column of the classes with --label; columns: {look.listed}",
        )
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


def coded(look: Profile) -> str:
    """What is to be done about labels that are a number for each class, and about tags of tokens."""
    vectors = [column for column in look.columns if fits(column.type, "vector") and column.width]
    for column in vectors:
        if rank_of(column.name) < 2 and set(look.values(column.name)) <= {0, 1}:
            return (
                f"{column.name} holds {column.width} numbers a row, 0 or 1 for each class: write the class "
                f"(numpy.argmax({column.name}, axis=1)), or of several a list of them; "
            )
    tags = [column.name for column in look.columns if column.repeats and column not in vectors]
    return f"{tags[0]} holds lists with a class twice, as tags of tokens: none is of a row; " if tags else ""


def unfit(look: Profile) -> str:
    """Which column of a label's name can't be one: by its type, or as several columns have it."""
    if twice := sorted(name for name in look.doubled if rank_of(name) < 2):
        return f"several columns are called {twice[0]!r}: rename all but one; "
    odd = [
        column for column in look.columns
        if column.values and rank_of(column.name) < 2 and not column.repeats and task_of(column) is None
    ]  # fmt: skip
    return f"{odd[0].name} is {odd[0].type}: write it as texts or whole numbers; " if odd else ""


def alone(look: Profile) -> str:
    """What is to be done about an array without labels, and about images without folders."""
    if look.formats == ("images",):
        return "the folder that an image is in is its label: put each into one, or write a table of paths; "
    arrays = all(file.name.lower().endswith(".npy") for file in look.files)
    return "an .npy is one array: save the labels beside it as y.npy, and name the folder; " if arrays else ""
