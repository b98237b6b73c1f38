"""What `dataset.class_mapping` did to the labels, and names in it that none of them has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import RenamedClass
from labelworks.tasks.sources.class_mapping import ClassMapping

SHOWN = 5
WHERE = "dataset.class_mapping"


def refuse_unknown(
    mapping: ClassMapping | None, renamed: Mapping[str, int], classes: Collection[str | int]
) -> None:
    """Raise InputError, with the nearest names, where the mapping names a class that no label is of.

    renamed: labels by the old names that occurred; classes: those that occur once it is applied.
    """
    if mapping is None or not mapping.whole:
        return
    unknown = [name for name in mapping.names if not renamed.get(name)]
    if not unknown:
        return
    known = list(dict.fromkeys([*(name for name, rows in renamed.items() if rows), *map(str, classes)]))
    said = [_near(name, known) for name in unknown[:SHOWN]]
    more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
    raise InputError(
        f"no label is {', '.join(map(repr, unknown[:SHOWN]))}{more}",
        where=WHERE,
        fix="; ".join(filter(None, said)) or "remove the line, or check dataset.label",
    )


def renamed_classes(mapping: ClassMapping | None, renamed: Mapping[str, int]) -> tuple[RenamedClass, ...]:
    """What became of the classes that occurred, in the order of the mapping."""
    if mapping is None:
        return ()
    return tuple(
        RenamedClass(name=name, become=become, labels=renamed[name])
        for name, become in mapping.names.items()
        if renamed.get(name)
    )


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"for {name!r} did you mean {close[0]!r}?" if close else ""
