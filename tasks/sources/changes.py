"""What a source holds, from its listing alone: no object is opened. For looking often."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from labelworks.tasks.sources.formats import formats_of
from labelworks.tasks.sources.paths import files_among, glob, is_hidden, names_below, split_glob
from labelworks.tasks.storage.filesystem import open_filesystem, store_errors

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
            base, pattern = split_glob(fs, root)
            marks = dict(_local(root) if not pattern and _folder(fs, root) else _listed(fs, base, pattern))
        except FileNotFoundError:
            return {}
    if not pattern and root in marks:
        base, _, pattern = root.rpartition("/")  # a file is named
    shown = {name: path for name, path in names_below(base, marks).items() if not is_hidden(name, pattern)}
    return {shown[name]: marks[shown[name]] for name in formats_of(shown, form)}


def difference(before: Marks, after: Marks) -> Difference:
    """What changed from one listing to the next, by name."""
    return Difference(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(path for path in after.keys() & before.keys() if after[path] != before[path])),
        tuple(sorted(before.keys() - after.keys())),
    )


def _folder(fs: Any, root: str) -> bool:
    return isinstance(fs, LocalFileSystem) and Path(root).is_dir()


def _local(folder: str) -> Iterator[tuple[str, bytes]]:
    """Walk a folder; a change of content changes size, time or inode.

    Links to folders are not followed, as when a run lists them. What is gone by now, or never was there as a
    broken link, is passed over: it hides nothing else.
    """
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _local(entry.path)
            elif entry.is_file():
                with suppress(FileNotFoundError):
                    stat = entry.stat()
                    yield entry.path, _mark(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _listed(fs: Any, base: str, pattern: str) -> Iterator[tuple[str, bytes]]:
    """List a prefix in pages, or what a glob matches."""
    objects = glob(fs, base, pattern) if pattern else files_among(fs, fs.find(base, detail=True))
    for path, link in objects.items():
        with suppress(FileNotFoundError):  # of a link that leads nowhere
            info = fs.info(path) if link.get("islink") else link
            times = info.get("LastModified") or info.get("mtime")
            yield path, _mark(info.get("ETag") or info.get("etag"), info.get("size"), times)


def _mark(*facts: Any) -> bytes:
    return hashlib.blake2b(repr(facts).encode(), digest_size=MARK).digest()
