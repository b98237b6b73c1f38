"""Bytes from a filesystem: several ranges at once, ahead of who reads them, each whole or fetched again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias

from fsspec.spec import AbstractBufferedFile

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.filesystem import S3, store_errors
from labelworks.tasks.storage.retries import again

RANGE = 2 << 20  # bytes of one request
AT_ONCE = 8  # requests of one process
BLOCK = 4 * RANGE  # what a file holds and fetches at once; and one more is fetched ahead
BLOCKS = 3
Bytes: TypeAlias = bytes | bytearray | memoryview
REPLACED = 3  # times while it is read, after which an object is asked for in one request


def read_object(fs: Any, path: str, where: str) -> Bytes:
    """The whole object, or StoreError; memory: its size and AT_ONCE ranges."""
    return read_open(fs, path, where, lambda ranges: ranges(0, ranges.size))


def read_open(fs: Any, path: str, where: str, read: Callable[[Ranges], Bytes]) -> Bytes:
    """What `read` makes of an object's ranges; of a filesystem that gives no ranges, the whole object.

    One that is replaced while its ranges come is read anew: what is given was there at one time.
    """
    for _ in range(REPLACED):
        file = again(where, fs.open, path, "rb", cache_type="none") if remote(fs) else None
        if not isinstance(file, AbstractBufferedFile):
            break
        try:
            with file:
                return read(Ranges(file, where))
        except StoreError as error:
            if not _replaced(error):
                raise
    return bytes(again(where, fs.cat_file, path))


def read_at_once(fs: Any, path: str) -> bytes:
    """The whole of an object that is not large, by one request; errors are the filesystem's own."""
    alone = {"max_concurrency": 1} if protocols(fs) & set(S3) else {}  # else s3fs asks for its size before
    return bytes(fs.cat_file(path, **alone))


def open_object(fs: Any, path: str, where: str, block: int = BLOCK) -> Any:
    """A seekable file to read from; what it gives is whole, or StoreError. Memory: BLOCKS + 1 blocks."""
    if not remote(fs):
        with store_errors(where):
            return fs.open(path, "rb")
    cached = {"cache_type": "background", "cache_options": {"maxblocks": BLOCKS}}
    file = again(where, fs.open, path, "rb", block_size=block, **cached)
    if isinstance(file, AbstractBufferedFile):
        ranges = Ranges(file, where)
        file.cache.fetcher = lambda start, end: bytes(ranges(start, end))
    return file


class Ranges:
    """Fetches bytes of one open file, long ones as several ranges at once."""

    def __init__(self, file: AbstractBufferedFile, where: str) -> None:
        self.fetch: Callable[[int, int], bytes] = file._fetch_range
        self.size, self.where = int(file.size), where

    def __call__(self, start: int, end: int) -> Bytes:
        """The bytes from start to before end."""
        end = min(end, self.size)
        if end - start <= RANGE:
            return self._range(start, end)
        whole = bytearray(end - start)
        self.fill(whole, [(start, end)], start)
        return whole

    def fill(self, whole: bytearray | memoryview, spans: Sequence[tuple[int, int]], at: int = 0) -> None:
        """Put spans of the object to where they belong in `whole`, which begins `at` so many bytes of it."""
        cut = [(first, min(first + RANGE, end)) for start, end in spans for first in range(start, end, RANGE)]
        for (first, last), part in zip(cut, _pool().map(lambda span: self._range(*span), cut), strict=True):
            whole[first - at : last - at] = part

    def _range(self, start: int, end: int) -> bytes:
        if end <= start:
            return b""
        return again(self.where, self._once, start, end)

    def _once(self, start: int, end: int) -> bytes:
        data = bytes(self.fetch(start, end))
        if len(data) != end - start:
            raise ConnectionError(f"{len(data)} of the {end - start} bytes from {start} on came")
        return data


def remote(fs: Any) -> bool:
    """Whether reading from a filesystem is waiting for a network."""
    return not {"file", "local", "memory"} & protocols(fs)


def protocols(fs: Any) -> set[str]:
    """By which names of protocols a filesystem goes."""
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)


def _replaced(error: StoreError) -> bool:
    """Whether a range was refused since the object is not the one that was opened."""
    cause: BaseException | None = error
    while cause and not hasattr(cause, "response"):
        cause = cause.__cause__
    return getattr(cause, "response", {}).get("Error", {}).get("Code") in ("PreconditionFailed", "412")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ranges")
