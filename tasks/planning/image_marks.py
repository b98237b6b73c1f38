"""Partitions of a table whose rows name images: what these contain is part of what a partition is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import PurePosixPath

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.image_paths import inside
from labelworks.tasks.storage.filesystem import open_filesystem

READ_AT_ONCE = 16  # partitions
ROWS = 65_536  # whose paths are read at a time


def marked(partitions: Sequence[Partition], source: Source, images: Mapping[str, str]) -> list[Partition]:
    """The partitions, with keys that change where an image does that their own rows name, and no other's.

    images: fingerprints by name below the root. The column of paths is read, and nothing else.
    """
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        return list(pool.map(partial(_marked, source, images), partitions))


def _marked(source: Source, images: Mapping[str, str], partition: Partition) -> Partition:
    root = str(source.columns.image_root).rstrip("/")
    base = open_filesystem(root, source.options)[1].rstrip("/")
    paths = source.columns.only("image").feature
    digest = hashlib.blake2b(partition.key.encode(), digest_size=10)
    try:
        for batch in source.reader(partition).batches([paths], ROWS):
            for name in batch.column(0).to_pylist():
                digest.update(f"{_mark(inside(name, root, base) if name else None, images)}\n".encode())
    except InputError:  # ingest says which file it is, and puts it aside
        return partition
    return partition.model_copy(update={"key": digest.hexdigest()})


def _mark(path: str | None, images: Mapping[str, str]) -> str:
    """The fingerprint of the image at a path, which need not be written as a listing has it (`a/./b.png`)."""
    return "" if path is None else images.get(path) or images.get(str(PurePosixPath(path)), "")
