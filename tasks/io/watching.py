"""What a source holds, from its listing alone: no object is opened. For looking often."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from tasks.io.filesystem import open_filesystem, store_errors
from tasks.io.formats import formats_of

Marks = dict[str, bytes]  # an object's path, and eight bytes that change when it does
MARK = 8


@dataclass(frozen=True)
class Difference:
    """Objects that came, changed and went between two listings."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def list_marks(source: str, form: str, options: dict[str, Any]) -> Marks:
    """Mark of each data file of a path, a folder or a glob; empty if there are none.

    Raises StoreError where the source can't be listed.
    """
    fs, root = open_filesystem(source, options)
    with store_errors(source):
        try:
            found = dict(_local(root) if _plain_folder(fs, root) else _listed(fs, root))
        except FileNotFoundError:
            return {}
    base = len(_base(root, found))
    shown = {path[base:]: path for path in found if not _hidden(path[base:])}
    return {shown[name]: found[shown[name]] for name in formats_of(shown, form)}


def difference(before: Marks, after: Marks) -> Difference:
    """What changed from one listing to the next, by name."""
    return Difference(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(path for path in after.keys() & before.keys() if after[path] != before[path])),
        tuple(sorted(before.keys() - after.keys())),
    )


def _base(root: str, paths: Iterable[str]) -> str:
    """The folder above which no name is looked at: the root, or that of the file or glob that it is."""
    if root in paths:
        return root.rpartition("/")[0]
    return "/".join(takewhile(lambda part: not set(part) & set("*?["), root.rstrip("/").split("/")))


def _plain_folder(fs: Any, root: str) -> bool:
    return isinstance(fs, LocalFileSystem) and not set(root) & set("*?[") and Path(root).is_dir()


def _local(folder: str) -> Iterator[tuple[str, bytes]]:
    """Walk a folder; a change of content changes size, time or inode.

    Links to folders are not followed, as when a run lists them. What is gone by now, or never was there as a
    broken link, is passed over: it hides nothing else.
    """
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _local(entry.path)
            elif not entry.is_dir():
                with suppress(FileNotFoundError):
                    stat = entry.stat()
                    yield entry.path, _mark(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _listed(fs: Any, root: str) -> Iterator[tuple[str, bytes]]:
    """List a prefix in pages, or what a glob matches."""
    found = (fs.glob if set(root) & set("*?[") else fs.find)(root, detail=True)
    for path, info in found.items():
        if info["type"] == "file":
            times = info.get("LastModified") or info.get("mtime")
            yield path, _mark(info.get("ETag") or info.get("etag"), info.get("size"), times)


def _mark(*facts: Any) -> bytes:
    return hashlib.blake2b(repr(facts).encode(), digest_size=MARK).digest()


def _hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))
