"""Which column of a dataset is what: a guess from names, types and a sample, with its reasons and doubts."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.types as types

from schemas.errors import InputError
from tasks.io.columns import fits
from tasks.io.inspect import Column, Look

LABELS = (
    "label",
    "labels",
    "class",
    "target",
    "y",
    "category",
    "intent",
    "sentiment",
    "tag",
    "answer",
    "gold",
    "cls",
)
TEXTS = (
    "text",
    "sentence",
    "body",
    "content",
    "document",
    "review",
    "question",
    "query",
    "utterance",
    "title",
)
IDS = ("__key__", "id", "uuid", "guid", "key", "idx", "index")
REPEATED = 4  # rows a class has on average, at least
WORD = 40  # characters of a label on average, at most


@dataclass(frozen=True)
class Guess:
    """A column taken for a role, why, and what speaks against it (empty: nothing)."""

    column: str
    why: str
    doubt: str = ""


@dataclass(frozen=True)
class Guesses:
    """What each column is taken for."""

    kind: str
    features: Guess
    label: Guess
    id: Guess | None
    time: Guess | None


def guess(look: Look, *, label: str | None = None, features: str | None = None) -> Guesses:
    """Guess the columns' roles, given those the user names.

    Raises InputError, listing the columns, if a named one isn't there or can't play its role, and if no
    column can be taken for the label or the features.
    """
    chosen_label = _named_label(look, label) if label else None
    taken = {chosen_label.column} if chosen_label else set()
    kind, chosen = _named_features(look, features) if features else _features(look, taken)
    chosen_label = chosen_label or _label(look, {chosen.column})
    taken = {chosen.column, chosen_label.column}
    rest = [column for column in look.columns if column.name not in taken]
    return Guesses(kind, chosen, chosen_label, _id(rest), _time(rest))


def _named_label(look: Look, name: str) -> Guess:
    column = look.column(name)
    if not _may_name_classes(column):
        raise InputError(f"column {name!r} is {column.type} and can't be the label", where=look.source)
    return Guess(name, f"named; {column.distinct or 0} values in the sample")


def _named_features(look: Look, name: str) -> tuple[str, Guess]:
    column = look.column(name)
    for kind in ("text", "image", "vector"):
        if fits(column.type, kind):
            return kind, Guess(name, f"named; {_about(column, kind)}")
    raise InputError(f"column {name!r} is {column.type}: no text, image or vector", where=look.source)


def _features(look: Look, taken: set[str]) -> tuple[str, Guess]:
    """Vectors are ready to use, images speak for themselves, text is what is longest."""
    found = [
        (kind, column)
        for kind in ("vector", "image", "text")
        for column in _ranked(look, kind)
        if column.name not in taken
    ]
    if not found:
        paths = [column.name for column in look.columns if column.image_paths]
        hint = (
            f"{paths[0]} holds paths of images: the images themselves have to be in a column; "
            if paths
            else ""
        )
        raise InputError(
            "no column can be taken for the features (text, image or vector)",
            where=look.source,
            fix=f"{hint}name it with --features COLUMN; columns: {look.listed}",
        )
    kind, column = found[0]
    others = [f"{other.name} ({of})" for of, other in found[1:]]
    return kind, Guess(
        column.name, _about(column, kind), f"could also be {', '.join(others)}" if others else ""
    )


def _ranked(look: Look, kind: str) -> list[Column]:
    fitting = [column for column in look.columns if fits(column.type, kind) and column.values]
    if kind == "vector":
        return [column for column in fitting if (column.width or 0) > 1]
    if kind == "image":
        return [column for column in fitting if column.images]
    texts = [column for column in fitting if not column.image_paths and _is_prose(column)]
    return sorted(texts, key=lambda column: (column.name.lower() not in TEXTS, -column.length))


def _is_prose(column: Column) -> bool:
    """Strings with words in them that mostly differ."""
    differ = (column.distinct or 0) * REPEATED > column.values
    return column.spaced > 0.5 and (differ or column.name.lower() in TEXTS)


def _label(look: Look, taken: set[str]) -> Guess:
    found = [column for column in look.columns if column.name not in taken and _may_be_label(column)]
    found.sort(key=lambda column: (_label_rank(column.name), column.distinct or 0))
    if not found:
        raise InputError(
            "no column can be taken for the label: none has few values that repeat",
            where=look.source,
            fix=f"name it with --label COLUMN; columns: {look.listed}",
        )
    best, rank = found[0], _label_rank(found[0].name)
    rivals = [column.name for column in found[1:] if rank or _label_rank(column.name) == 0]
    doubts = [f"could also be {', '.join(rivals)}"] if rivals else []
    if rank:
        doubts.append("its name doesn't say so")
    if best.nulls:
        doubts.append(f"{best.nulls:,} rows have none")
    if not _repeats(best):
        doubts.append(
            "its values hardly repeat in the sample" if (best.distinct or 0) > 1 else "it has one value"
        )
    return Guess(best.name, f"{best.distinct} values in {best.values:,} rows", "; ".join(doubts))


def _may_be_label(column: Column) -> bool:
    usable = _may_name_classes(column) and column.values > 0 and not column.image_paths
    return usable and (_label_rank(column.name) == 0 or (_repeats(column) and column.length <= WORD))


def _may_name_classes(column: Column) -> bool:
    return fits(column.type, "label") and not types.is_floating(column.type)


def _label_rank(name: str) -> int:
    """0: a label by its name, 1: its name has the word in it, 2: neither."""
    plain = name.lower()
    return 0 if plain in LABELS else 1 if any(word in plain for word in ("label", "class", "categor")) else 2


def _repeats(column: Column) -> bool:
    return column.distinct is not None and 2 <= column.distinct <= column.values / REPEATED


def _id(columns: list[Column]) -> Guess | None:
    for column in columns:
        name = column.name.lower()
        whole = column.distinct == column.values and not column.nulls and fits(column.type, "id")
        if whole and (name in IDS or name.endswith(("_id", "-id"))):
            return Guess(column.name, f"all different in {column.values:,} rows")
    return None


def _time(columns: list[Column]) -> Guess | None:
    for column in columns:
        if types.is_timestamp(column.type) or types.is_date(column.type):
            return Guess(column.name, f"its type is {column.type}")
    return None


def _about(column: Column, kind: str) -> str:
    if kind == "vector":
        return f"vectors of {column.width} numbers" if column.width else "lists of numbers"
    return "images" if kind == "image" else f"text of {column.length:.0f} characters on average"
