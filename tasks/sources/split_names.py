"""The names of splits: what says of rows whether models learn from them or are tested by them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

TRAIN = ("train", "training")
OTHERS = ("val", "valid", "validation", "dev", "test", "testing", "eval", "holdout")
APART = re.compile(r"[^a-z]+")  # words of a file's name, in small letters


def is_split(name: str) -> bool:
    """Whether a name is that of a split."""
    return name.lower() in (*TRAIN, *OTHERS)


def splits_of(names: Iterable[str]) -> list[str]:
    """The splits that files, or their folders, are named by: none unless all are, and one is for training."""
    named = [set(_words(name)) for name in names]
    splits = set().union(*named)
    if not splits & set(TRAIN) or any(len(words) != 1 for words in named):
        return []
    return sorted(splits)


def _words(name: str) -> list[str]:
    path = PurePosixPath(name.lower())
    return [word for part in path.parts for word in APART.split(part) if is_split(word)]
