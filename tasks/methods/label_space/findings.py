"""What the audit of a label space finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelworks.schemas.findings import Class

Kind = Literal[
    "same name", "near name", "name within", "confused", "within", "same rows", "exclusive", "empty"
]


@dataclass(frozen=True)
class ClassFinding:
    """Classes that may not be classes of their own, with their rows.

    same name: one name, but for the way of writing, a slip or a plural. near name: alike as texts. name
    within: the first name is a part of the others. confused: one is given for the other. within: each row of
    the first has the second too. same rows: so has each of the second the first. exclusive: never in one row,
    though by chance they would be. empty: of no row.

    one: the classes after the first are the first one, as far as this finding can tell. likely: that is what
    a mapping should say unless somebody objects.
    """

    kind: Kind
    names: tuple[Class, ...]
    rows: tuple[int, ...]
    reason: str
    one: bool = False
    likely: bool = False

    def __str__(self) -> str:
        named = [f"{name!r} ({rows:,})" for name, rows in zip(self.names, self.rows, strict=True)]
        return f"{' / '.join(named)}: {self.reason}"
