"""Batches for a device: sorted by length, cut by a budget that shrinks when memory runs out."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
TOO_LARGE = "too large for the memory of the device, even alone"
SAID = ("out of memory", "can't allocate memory", "ALLOC_FAILED")  # by torch, its CPU allocator, cuBLAS


@dataclass
class Budget:
    """What one batch may cost, padding included; what fitted once is remembered as long as the encoder."""

    cost: int

    def batches(self, lengths: NDArray[np.integer], rows: Rows) -> list[Rows]:
        """Cut rows into batches, longest first: a batch costs its rows times its longest length."""
        order = rows[np.argsort(-lengths[rows], kind="stable")]
        cut, start = [], 0
        while start < len(order):
            size = max(1, self.cost // max(int(lengths[order[start]]), 1))
            cut.append(order[start : start + size])
            start += size
        return cut

    def shrink(self, lengths: NDArray[np.integer], failed: Rows) -> None:
        """Halve the budget: to half of what the batch that failed has cost."""
        self.cost = max(1, int(lengths[failed].max()) * (len(failed) // 2))


@dataclass(frozen=True)
class Ran:
    """Batches that were run: their rows (n,), the vectors of each (n, D); by row why it has none."""

    rows: Rows
    vectors: list[Any]
    failed: dict[int, str]


def run_batches(
    lengths: NDArray[np.integer],
    budget: Budget,
    stage: Callable[[Rows], Any],
    run: Callable[[Any], Any],
) -> Ran:
    """Run all rows (N,) in batches: `run(stage(rows))` gives vectors (len(rows), D), which stay there.

    The next batch is staged in a thread meanwhile. Out of memory halves the batch and goes on.
    """
    todo = budget.batches(lengths, np.arange(len(lengths)))[::-1]
    done: list[tuple[Rows, Any]] = []
    failed: dict[int, str] = {}
    with ThreadPoolExecutor(1, thread_name_prefix="stage") as pool:
        staging = _Staging(stage, pool)
        while todo:
            rows = todo.pop()
            try:
                done.append((rows, run(staging.take(rows, todo))))
            except Exception as error:
                if not out_of_memory(error):
                    raise
            else:
                continue
            staging.drop()
            release()  # here, where the error is gone, and with it the tensors of its frames
            if len(rows) == 1:
                failed[int(rows[0])] = TOO_LARGE
                continue
            budget.shrink(lengths, rows)
            todo = budget.batches(lengths, np.concatenate([rows, *todo]))[::-1]
    rows = np.concatenate([rows for rows, _ in done]) if done else np.zeros(0, np.intp)
    return Ran(rows, [vectors for _, vectors in done], failed)


class _Staging:
    """Stages one batch ahead."""

    def __init__(self, stage: Callable[[Rows], Any], pool: ThreadPoolExecutor) -> None:
        self._stage, self._pool = stage, pool
        self._next: Future[Any] | None = None

    def take(self, rows: Rows, todo: list[Rows]) -> Any:
        """What these rows were staged as; the last of those to do is begun."""
        ready = self._next or self._pool.submit(self._stage, rows)
        self._next = self._pool.submit(self._stage, todo[-1]) if todo else None
        return ready.result()

    def drop(self) -> None:
        """Forget what was staged: it is cut anew."""
        self._next = None


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: Python's, or a device library's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in SAID)


def release() -> None:
    """Give back what the failed batch held; torch is asked only where it is in use."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
