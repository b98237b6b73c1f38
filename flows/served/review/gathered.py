"""Decisions of many answers in one file: stored before anybody is told so, a file a second at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from labelworks.schemas.decisions import RowDecision

PAUSE_SECONDS = 1.0  # between two files: what comes meanwhile is in the next


class GatheredWriter:
    """Stores decisions by calling `keep` in a thread with all that came while it was busy or paused."""

    def __init__(self, keep: Callable[[Sequence[RowDecision]], object], pause: float) -> None:
        self._keep, self._pause = keep, pause
        self._wanted: list[tuple[Sequence[RowDecision], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def put(self, decisions: Sequence[RowDecision]) -> None:
        """Store decisions, all or none; returns when they are stored, raises what kept them from it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanted.append((decisions, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Store at once what is left."""
        self._over.set()
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        while self._wanted:
            batch, self._wanted = self._wanted, []
            every = [decision for decisions, _ in batch for decision in decisions]
            error: Exception | None = None
            try:
                if every:
                    await asyncio.to_thread(self._keep, every)
            except Exception as problem:
                error = problem
            for _, done in batch:
                if done.cancelled():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
            if every and not self._over.is_set():
                try:
                    await asyncio.wait_for(self._over.wait(), self._pause)
                except TimeoutError:
                    continue
