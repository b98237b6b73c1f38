"""Work on partitions: a pure function of each, on the Dask cluster at hand, or here if there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import Any, TypeVar, cast

from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.records import Partition
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.tracing import spanned

_Result = TypeVar("_Result")
FAN_IN = 8  # results that are combined at a time
ATTEMPTS = 4  # as many workers may die as a scheduler of ours allows
RESTART_SECONDS = 120
TAKEN = frozenset(  # names by which Dask takes a value for itself
    {"key", "workers", "retries", "resources", "priority", "allow_other_workers", "fifo_timeout", "actor",
     "actors", "pure", "batch_size"}
)  # fmt: skip


def map_partitions(
    stage: str,
    function: Callable[..., _Result],
    items: Sequence[Any],
    *,
    unit: str = "partitions",
    **shared: Any,
) -> list[_Result]:
    """Call `function(item, **shared)` for every item, one Dask task each; results in the items' order.

    `shared` is sent to the workers once. The first error stops the rest and is raised here.
    """
    _check_names(shared)
    tell = _Told(stage, unit, len(items))
    client = client_at_hand()
    if client is None or not items:
        done = []
        for item in items:
            done.append(function(item, **shared))
            tell(item, done[-1])
        return done
    results: dict[int, _Result] = {}
    named = spanned(f"{stage} partition", function)
    _surviving(stage, client, lambda: _on_cluster(client, named, items, shared, tell, results))
    return [results[place] for place in range(len(items))]


def reduce_partitions(
    stage: str,
    function: Callable[..., _Result],
    combine: Callable[[Sequence[_Result]], _Result],
    items: Sequence[Any],
    *,
    unit: str = "partitions",
    **shared: Any,
) -> _Result:
    """Combine `function(item, **shared)` of all items as a tree, where they are: one result comes back.

    The tree is made by the number of items alone, so the result is the same wherever it is computed.
    """
    _check_names(shared)
    client = client_at_hand()
    if client is None:
        tell = _Told(stage, unit, len(items))

        def counted(item: Any) -> _Result:
            result = function(item, **shared)
            tell(item, result)
            return result

        return cast(_Result, _tree(items, counted, combine))
    named = spanned(f"{stage} partition", function)

    def attempt() -> _Result:
        return _reduced(client, named, combine, items, shared, _Told(stage, unit, len(items)))

    return _surviving(stage, client, attempt)


def _check_names(shared: Mapping[str, Any]) -> None:
    """Fail without a cluster too where Dask would keep a shared value from the function."""
    if taken := TAKEN & shared.keys():
        raise TypeError(f"Dask takes {', '.join(sorted(taken))} for itself: call it otherwise")


def _tree(items: Sequence[Any], leaf: Callable[[Any], Any], combine: Callable[[list[Any]], Any]) -> Any:
    if len(items) <= FAN_IN:
        return combine([leaf(item) for item in items])
    size = FAN_IN
    while size * FAN_IN < len(items):
        size *= FAN_IN
    return combine(
        [_tree(items[start : start + size], leaf, combine) for start in range(0, len(items), size)]
    )


class _Told:
    """Tells of each partition done: its rows as its result says, its bytes as the plan knows them."""

    def __init__(self, stage: str, unit: str, total: int) -> None:
        self._report = progress.current()
        self._stage, self._unit, self._total = stage, unit, total
        self._done = self._rows = self._size = 0

    def __call__(self, item: Any, result: Any) -> None:
        self._done += 1
        rows, planned = getattr(result, "rows", None), _planned(item)
        self._rows += rows if isinstance(rows, int) else sum(partition.rows for partition in planned)
        self._size += sum(partition.size for partition in planned)
        self._report.advance(
            self._stage, self._done, self._total, unit=self._unit, rows=self._rows, size=self._size
        )


def _planned(item: Any) -> list[Partition]:
    """The partition that an item is, that it names with its place or its rows, or those that it groups."""
    held = item if isinstance(item, tuple | list) else (item,)
    return [value for value in held if isinstance(value, Partition)]


def _on_cluster(
    client: Any,
    function: Callable[..., _Result],
    items: Sequence[Any],
    shared: dict[str, Any],
    tell: Callable[[Any, Any], None],
    results: dict[int, _Result],
) -> None:
    """Fill in the results that there aren't yet, by the places of their items."""
    from distributed import as_completed

    missing = [place for place in range(len(items)) if place not in results]
    sent = _scattered(client, shared)
    futures = client.map(function, [items[place] for place in missing], **sent, pure=False)
    places = {future.key: place for place, future in zip(missing, futures, strict=True)}
    try:
        for batch in as_completed(futures).batches():
            for future, result in zip(batch, client.gather(batch), strict=True):
                place = places[future.key]
                results[place] = result
                tell(items[place], result)
    finally:
        client.cancel([future for future in futures if not future.done()])


def _reduced(
    client: Any,
    function: Callable[..., _Result],
    combine: Callable[[Sequence[_Result]], _Result],
    items: Sequence[Any],
    shared: dict[str, Any],
    tell: Callable[[Any, Any], None],
) -> _Result:
    def combined(parts: Sequence[Any]) -> Any:
        # Before leaves that wait, so that few results are held at a time.
        return client.submit(combine, parts, pure=False, priority=1)

    leaves = client.map(function, items, **_scattered(client, shared), pure=False)
    root = _tree(leaves, lambda leaf: leaf, combined)
    item_of = {leaf.key: item for leaf, item in zip(leaves, items, strict=True)}
    try:
        for leaf in _finished(leaves):
            leaf.release()  # so that the cluster forgets it as soon as it is combined
            tell(item_of[leaf.key], None)
        return cast(_Result, root.result())
    finally:
        client.cancel([future for future in (*leaves, root) if future.status == "pending"])


def _scattered(client: Any, shared: dict[str, Any]) -> dict[str, Any]:
    """Send values to the workers once.

    As a list: of a dict the keys would name the data on the cluster, and every stage has a `run`.
    """
    values = client.scatter(list(shared.values()), broadcast=True, hash=False) if shared else []
    return dict(zip(shared, values, strict=True))


def _finished(futures: Sequence[Any]) -> Iterator[Any]:
    """The futures as they finish; raise the first error."""
    from distributed import as_completed

    for future in as_completed(futures):
        if future.status != "finished":
            future.result()
        yield future


def _surviving(stage: str, client: Any, attempt: Callable[[], _Result]) -> _Result:
    """What an attempt gives; another one where the workers that died were all that held the shared values.

    Values that were sent to workers can't be computed again: Dask cancels the tasks that need them.
    """
    from distributed import KilledWorker

    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except KilledWorker as error:
            raise _deadly(stage, error.allowed_failures + 1) from error
        except CancelledError as error:
            cancelled = error
            _await_worker(stage, client)
    raise _deadly(stage, ATTEMPTS) from cancelled


def _await_worker(stage: str, client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=RESTART_SECONDS)
    except TimeoutError as error:
        raise LabelworksError(
            f"all workers died, and none came within {RESTART_SECONDS} s",
            where=stage,
            fix="look at the workers' own logs and run again: the run goes on from its last complete part",
        ) from error


def _deadly(stage: str, deaths: int) -> LabelworksError:
    """What to do where workers keep dying at one partition."""
    return LabelworksError(
        f"workers keep dying at one partition, {deaths} of them by now",
        where=stage,
        fix="most likely it needs more memory than a worker has: make partitions smaller "
        "(compute.partition_rows, compute.partition_bytes) or workers larger (compute.memory); "
        "the run goes on from its last complete part",
    )


def client_at_hand() -> Any:
    """The Dask client that this process has; None if it has none, and works by itself."""
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None
