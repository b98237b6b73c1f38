"""Reading ahead: the next ones are fetched while the current one is being worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_END: Any = object()


def ahead(
    function: Callable[[_Item], _Result], items: Iterable[_Item], many: int
) -> Generator[_Result, None, None]:
    """Yield `function(item)` of the items in order; so many are made in threads meanwhile, and held."""
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(many, thread_name_prefix="ahead") as threads:
        try:
            for item in items:
                waiting.append(threads.submit(function, item))
                if len(waiting) > many:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)


def drawn(items: Iterator[_Item], many: int) -> Generator[_Item, None, None]:
    """Yield the items of an iterator; one thread draws so many of them meanwhile, and they are held."""
    with ThreadPoolExecutor(1, thread_name_prefix="drawn") as thread:
        waiting = deque(thread.submit(next, items, _END) for _ in range(many))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(thread.submit(next, items, _END))
                yield item
        finally:
            thread.shutdown(cancel_futures=True)
