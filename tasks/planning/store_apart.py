"""Whether a store lies apart from what is read: else each run would read what the one before has written."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import Any

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.sources.paths import is_hidden, split_glob
from labelworks.tasks.storage.filesystem import is_local, open_filesystem
from labelworks.tasks.storage.store import Store

SERVERS = ("endpoint_url", "client_kwargs", "account_name", "account_host")  # options that say whose it is
DEPTH = 3  # parts that the name of an object in a store has at least
OBJECT = "dataset/versions/1.json"


def check_apart(store: Store, places: dict[str, str], options: dict[str, Any]) -> None:
    """Raise ConfigError where objects of the store would be listed among the files of a place.

    places: by key of the config; options: for fsspec, to open them.
    """
    for key, place in places.items():
        fs, root = open_filesystem(place, options)
        same = type(fs) is type(store.fs) and all(
            options.get(name) == store.options.get(name) for name in SERVERS
        )
        if not same:
            continue
        folder, pattern = split_glob(fs, root.rstrip("/"))
        inside = below(*(_real(fs, path) for path in (folder, store.base)))
        if inside is not None and is_listed(inside, pattern):
            raise ConfigError(
                f"the store lies inside {key} ({place}), whose files are read: what a run writes would be "
                "data of the next",
                where="store.root",
                fix="name a folder or prefix apart from it, or inside it one that begins with _, as "
                f"{place.rstrip('/') if not pattern else '…'}/_labelworks",
            )


def below(folder: str, path: str) -> str | None:
    """The name of a path in a folder, "" of the folder itself; None where it isn't in it."""
    if path == folder:
        return ""
    return path[len(folder) :].lstrip("/") if path.startswith(f"{folder.rstrip('/')}/") else None


def is_listed(name: str, pattern: str) -> bool:
    """Whether objects of a store of that name are among the files of a folder, or of a glob below it."""
    if is_hidden(f"{name}/{OBJECT}", pattern):
        return False
    parts, asked = [part for part in name.split("/") if part], pattern.split("/")
    if not pattern:
        return True
    for part, one in zip(parts, asked, strict=False):
        if one == "**":
            return True
        if not fnmatchcase(part, one):
            return False
    return "**" in asked or len(asked) >= len(parts) + DEPTH


def _real(fs: Any, path: str) -> str:
    """A local path without links."""
    return os.path.realpath(path) if is_local(fs) else path.rstrip("/")
