"""What names of folders and files say beside the class: which split they are, or another class at the top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from labelworks.tasks.sources.formats.arrays_beside import SPLIT
from labelworks.tasks.sources.formats.images import NEAREST, TOP
from labelworks.tasks.sources.guess.ids import Guess
from labelworks.tasks.sources.guess.label import Candidate
from labelworks.tasks.sources.profile import Profile
from labelworks.tasks.sources.split_names import TRAIN, is_split


@dataclass(frozen=True)
class SplitGuess(Guess):
    """A column that says of each row what it is for; train: its value for rows that models learn from."""

    train: str


def find_split(look: Profile) -> SplitGuess | None:
    """The split that images have as their first folder, and arrays side by side in their names; else None."""
    column, what = (TOP, "the first folder") if look.formats == ("images",) else (SPLIT, "the files' names")
    names = _counted(look, column)
    train = next((name for name in names if name.lower() in TRAIN), None)
    if train is None or len(names) < 2 or not all(map(is_split, names)):
        return None
    shown = ", ".join(f"{name} ({rows:,})" for name, rows in names.items())
    return SplitGuess(column, f"{what}: {shown}", train)


def rival_at_the_top(look: Profile, label: Candidate, other: Candidate) -> bool:
    """Whether the class could be the first folder as well as the one that an image lies in."""
    folders = look.formats == ("images",) and (label.name, other.name) == (NEAREST, TOP)
    return folders and find_split(look) is None


def folder_notes(look: Profile, label: Candidate | None) -> Iterator[str]:
    """What a person should know of folders that are taken for classes."""
    if label is None or label.name != NEAREST or look.formats != ("images",):
        return
    pairs = zip(look.sample[NEAREST].to_pylist(), look.sample[TOP].to_pylist(), strict=True)
    flat = Counter(top for nearest, top in pairs if top is not None and nearest == top and is_split(top))
    for name, rows in flat.items():
        yield (
            f"{rows:,} images lie directly in {name}/, and would be of a class {name!r}: if that is a split, "
            "name the folder of labelled images as the source, and unlabelled ones as dataset.target"
        )


def _counted(look: Profile, column: str) -> Counter[str]:
    """Rows by the values of a column that names of files give."""
    if look.formats not in (("images",), ("numpy",)) or column not in look.sample.column_names:
        return Counter()
    return Counter(sorted(look.sample[column].drop_null().to_pylist()))
