"""Paths of images as a column holds them: relative to a folder, or addresses below it."""

from __future__ import annotations

from pathlib import PurePosixPath


def inside(name: str, root: str, base: str) -> str | None:
    """The path below a folder; None where it leads out of the folder.

    root: the folder's address (`s3://bucket/pets`); base: its path in the filesystem (`bucket/pets`).
    """
    below = name.removeprefix(f"{root}/").removeprefix(f"{base}/").removeprefix("./")
    path = PurePosixPath(below)
    if path.is_absolute() or ".." in path.parts or "://" in below:
        return None
    return below
