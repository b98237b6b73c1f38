"""Processes that decode images: in threads Pillow holds Python's lock half of the time.

They are started as commands, since a Dask worker may have no children of `multiprocessing`, and end when the
pipe from their worker does, however that ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from labelworks.tasks.methods.content.image.measures import NOTHING
from labelworks.tasks.methods.encoders.pictures import ImageTransform, Picture, read_picture

AT_ONCE = 16  # images that travel together
ENDED = "undecodable image: the process that decoded it ended"


class Decoders:
    """So many processes, started when they are first needed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        for _ in range(count):
            self._idle.put(_Process())

    def read(self, look: ImageTransform, images: Sequence[bytes | None]) -> list[Picture]:
        """Each image as `read_picture` reads it; one that ends its process can't be decoded."""
        parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
        with ThreadPoolExecutor(self.count, thread_name_prefix="decode") as pool:
            return list(chain.from_iterable(pool.map(partial(self._part, look), parts)))

    def close(self) -> None:
        """End the processes."""
        for _ in range(self.count):
            with self._taken() as process:
                process.end()

    def _part(self, look: ImageTransform, images: Sequence[bytes | None]) -> list[Picture]:
        with self._taken() as process:
            try:
                return process.asked((look, images))
            except (EOFError, OSError):
                process.end()
        if len(images) == 1:
            return [(None, ENDED, NOTHING)]
        return [picture for image in images for picture in self._part(look, [image])]

    @contextmanager
    def _taken(self) -> Iterator[_Process]:
        process = self._idle.get()
        try:
            yield process
        finally:
            self._idle.put(process)


class _Process:
    """One process and the pipe to it."""

    def __init__(self) -> None:
        self._pipe: Connection[Any, Any] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def asked(self, question: Any) -> list[Picture]:
        if self._pipe is None:
            self._start()
        self._pipe.send(question)  # type: ignore[union-attr]
        answer: list[Picture] = self._pipe.recv()  # type: ignore[union-attr]
        return answer

    def end(self) -> None:
        if self._pipe is not None and self._process is not None:
            self._pipe.close()
            self._process.wait()
        self._pipe = self._process = None

    def _start(self) -> None:
        ours, theirs = Pipe()
        path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", f"from {__name__} import serve; serve({theirs.fileno()})"],
            pass_fds=[theirs.fileno()],
            env={**os.environ, **path},
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._pipe = ours


def serve(pipe: int) -> None:
    """Decode what comes through a pipe until it is closed; what a process of `Decoders` does."""
    with Connection(pipe) as asked:
        while True:
            try:
                look, images = asked.recv()
            except EOFError:
                return
            asked.send([read_picture(look, image) for image in images])
