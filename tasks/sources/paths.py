"""What a path in a config names: a file or folder that is there, whatever its name, or else a glob."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from labelworks.tasks.sources.formats import format_of

WILD = frozenset("*?[")
HIDDEN = ("_", ".")


def split_glob(fs: Any, root: str) -> tuple[str, str]:
    """The folder that a path leads to without a wildcard, and the pattern below it; of no glob all, and "".

    A path that is there is no glob, though it be called `batch [1]`.
    """
    parts = root.split("/")
    for place, part in enumerate(parts):
        if WILD & set(part) and not fs.exists("/".join(parts[: place + 1])):
            return "/".join(parts[:place]), "/".join(parts[place:])
    return root, ""


def glob(fs: Any, folder: str, pattern: str) -> dict[str, dict[str, Any]]:
    """The files below a folder that match a pattern, by path."""
    plain = "".join(f"[{char}]" if char in WILD else char for char in folder)
    matching = fs.glob(f"{plain}/{pattern}" if plain else pattern, detail=True)
    return files_among(fs, matching)


def files_among(fs: Any, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What can be read of what was found: files and links to them; no folder, and no pipe that never ends."""
    return {
        path: info
        for path, info in found.items()
        if info["type"] == "file" or (info.get("islink") and not fs.isdir(path))
    }


def names_below(folder: str, paths: Iterable[str]) -> dict[str, str]:
    """Paths by their names, which are relative to a folder; of the path itself, its last part."""
    return {path[len(folder) :].lstrip("/") or PurePosixPath(path).name: path for path in sorted(paths)}


def is_hidden(name: str, pattern: str) -> bool:
    """Whether a file is left out for its name: a part of it begins with _ or a dot.

    Folders such as `_year=2026` are columns, and what a pattern or a path names is meant.
    """
    named = [part for part in pattern.split("/") if part.startswith(HIDDEN)]
    return any(
        part.startswith(HIDDEN) and "=" not in part and not any(fnmatchcase(part, prefix) for prefix in named)
        for part in PurePosixPath(name).parts
    )


def left_out(names: Iterable[str], kinds: Iterable[str]) -> tuple[str, ...]:
    """Of hidden names those that would be data beside files of these formats."""
    images = set(kinds) == {"images"}
    formats = {name: format_of(name) for name in names}
    return tuple(name for name, form in formats.items() if form and (images or form != "images"))
