"""Versions of a dataset: pointers to runs, numbered, each created once: by a put that must not replace,
or under a lease where the store has no such put."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from labelworks.schemas.errors import StoreError
from labelworks.tasks.execution.progress import current
from labelworks.tasks.storage.lease import lease
from labelworks.tasks.storage.store import Store

ATTEMPTS = 100
Known = Callable[[Store, str, str], int | None]


def versions(store: Store, dataset: str) -> list[int]:
    """Numbers of the published versions, in order."""
    names = store.names(f"{dataset}/versions")
    return sorted(int(name.removesuffix(".json")) for name in names if name.removesuffix(".json").isdigit())


def newest_number(store: Store, dataset: str) -> int:
    """Number of the newest version; 0 before the first."""
    return max(versions(store, dataset), default=0)


def read_version(store: Store, dataset: str, number: int) -> dict[str, Any]:
    """The pointer of a version: run_id and manifest; of one that rolls back also from, to and when."""
    pointer: dict[str, Any] = store.read_json(f"{dataset}/versions/{number}.json")
    return pointer


def version_of(store: Store, dataset: str, run_id: str) -> int | None:
    """The version that points at a run, or None."""
    for number in reversed(versions(store, dataset)):
        if read_version(store, dataset, number)["run_id"] == run_id:
            return number
    return None


def claim_version(store: Store, dataset: str, run_id: str, manifest: str, newest: int | None = None) -> int:
    """Create the next version for a run, or find the one it has; two runs never get the same.

    newest: version when the run was opened (None: the newest now). Whoever comes second is told which runs
    published since.
    """
    if (number := version_of(store, dataset, run_id)) is not None:
        return number
    return append_version(store, dataset, {"run_id": run_id, "manifest": manifest}, version_of, newest)


def newest_of(store: Store, dataset: str, run_id: str) -> int | None:
    """The newest version if it points at a run, or None."""
    newest = max(versions(store, dataset), default=None)
    return newest if newest and read_version(store, dataset, newest)["run_id"] == run_id else None


def append_version(
    store: Store,
    dataset: str,
    pointer: dict[str, Any],
    known: Known = newest_of,
    newest: int | None = None,
) -> int:
    """Create the next version with this pointer, unless another process just made `known` find one."""
    before = newest_number(store, dataset) if newest is None else newest
    run_id = str(pointer["run_id"])
    claim = _create if store.try_conditional_put() else _put_under_lease
    number = claim(store, dataset, run_id, json.dumps(pointer).encode(), known)
    for taken in range(before + 1, number):
        other = read_version(store, dataset, taken)["run_id"]
        current().note(f"run {other} published first, as version {taken}: this run is version {number}")
    return number


def _create(store: Store, dataset: str, run_id: str, pointer: bytes, known: Known) -> int:
    for _ in range(ATTEMPTS):
        # Before looking for ours: another process may be this same run.
        number = newest_number(store, dataset) + 1
        if (standing := known(store, dataset, run_id)) is not None:
            return standing
        if store.create(f"{dataset}/versions/{number}.json", pointer):
            return number
    raise StoreError(
        f"no free version after {ATTEMPTS} tries: others keep publishing",
        where=store.url(f"{dataset}/versions"),
        fix="run again: the work is done, only the pointer is missing",
    )


def _put_under_lease(store: Store, dataset: str, run_id: str, pointer: bytes, known: Known) -> int:
    with lease(store, f"{dataset}/versions/.lease", run_id):
        if (standing := known(store, dataset, run_id)) is not None:
            return standing
        number = newest_number(store, dataset) + 1
        name = f"{dataset}/versions/{number}.json"
        store.write(name, pointer)
        if store.read(name) != pointer:
            raise StoreError("another run wrote this version", where=store.url(name), fix="run again")
    return number
