"""Cutting files into partitions: large files at row groups, small files together, stably as files come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from labelworks.schemas.records import Partition, Piece
from labelworks.tasks.sources.files import SourceFile

RowGroup = tuple[int, int]  # rows, bytes
FEW = 16  # files that are not worth grouping; small ones get as many partitions
WORTH = 128  # images that are worth the overhead of a partition, and few to embed again


def group(
    files: Sequence[tuple[SourceFile, tuple[RowGroup, ...] | None]],
    window: str,
    target_rows: int,
    target_bytes: int,
    density: float = 0.0,
) -> list[Partition]:
    """Make partitions of about the target size from files and their row groups (None: not to be cut).

    density: rows per byte, of files whose row groups aren't known.

    A large file gives one or more partitions of its own. Small files are put in buckets by the hash of
    their names, so that a file that comes, goes or changes touches one partition. The number of buckets
    is a power of two: as data grows, one bucket at a time would be unstable, doubling is rare. There are FEW,
    more where these would be too large, and fewer of images, a row each, where they would have less than
    WORTH: by the listing alone, so that it doesn't matter which files were looked at.
    """
    large: list[Partition] = []
    small: list[tuple[SourceFile, Piece]] = []
    for file, groups in files:
        pieces = list(_cut(file, groups, target_rows, target_bytes))
        big = len(pieces) > 1 or file.size > target_bytes // 2 or (pieces[0].rows or 0) > target_rows // 2
        if big or len(files) <= FEW:
            large += [_partition(window, [(file, piece)], len(pieces) > 1) for piece in pieces]
        else:
            small.append((file, pieces[0]))
    return large + _bucketed(small, window, target_rows, target_bytes, density)


def _cut(
    file: SourceFile, groups: tuple[RowGroup, ...] | None, target_rows: int, target_bytes: int
) -> Iterator[Piece]:
    """Cut a file at row groups into pieces of at most the target size, or of one row group."""
    whole = {"file": file.name, "path": file.path, "format": file.format}
    if groups is None:
        yield Piece(**whole, size=file.size)
        return
    taken: list[int] = []
    first = rows = size = 0
    for number, (more_rows, more_bytes) in enumerate(groups):
        if taken and (rows + more_rows > target_rows or size + more_bytes > target_bytes):
            yield Piece(**whole, row_groups=tuple(taken), first_row=first, rows=rows, size=size)
            taken, first, rows, size = [], first + rows, 0, 0
        taken.append(number)
        rows, size = rows + more_rows, size + more_bytes
    yield Piece(**whole, row_groups=tuple(taken), first_row=first, rows=rows, size=size)


def _bucketed(
    small: list[tuple[SourceFile, Piece]], window: str, target_rows: int, target_bytes: int, density: float
) -> list[Partition]:
    if not small:
        return []
    by_bytes = sum(file.size for file, _ in small) / target_bytes
    rows = [density * file.size if piece.rows is None else piece.rows for file, piece in small]
    by_rows = sum(rows) / target_rows
    count = FEW
    while count > 1 and count * WORTH > len(small) and all(file.format == "images" for file, _ in small):
        count //= 2
    while count < max(by_bytes, by_rows):
        count *= 2
    buckets: dict[int, list[tuple[SourceFile, Piece]]] = {}
    for file, piece in small:
        place = int.from_bytes(hashlib.blake2b(file.name.encode(), digest_size=8).digest(), "big")
        buckets.setdefault(place % count, []).append((file, piece))
    return [_partition(window, buckets[number]) for number in sorted(buckets)]


def _partition(window: str, pieces: list[tuple[SourceFile, Piece]], cut: bool = False) -> Partition:
    digest = hashlib.blake2b(window.encode(), digest_size=10)
    for file, piece in pieces:
        # a whole file is the same whether its row groups are known or not
        taken = piece.row_groups if cut else None
        digest.update(f":{file.name}:{file.fingerprint}:{taken}".encode())
    return Partition.model_validate(
        {"key": digest.hexdigest(), "window": window, "pieces": [piece for _, piece in pieces]}
    )
