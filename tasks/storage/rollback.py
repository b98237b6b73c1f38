"""Which version is the newest, where that is more than the last one published: rolled back, or run again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from labelworks.schemas.errors import InputError
from labelworks.tasks.execution import progress
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import append_version, claim_version, read_version, versions


def reinstate_version(store: Store, dataset: str, run_id: str, manifest: str) -> int:
    """The version of a run whose work is done: it becomes the newest one again, unless it was rolled back."""
    known = versions(store, dataset)
    pointers = [read_version(store, dataset, number) for number in known]
    if all(pointer["run_id"] != run_id for pointer in pointers):
        return claim_version(store, dataset, run_id, manifest)
    last = max(number for number, pointer in zip(known, pointers, strict=True) if pointer["run_id"] == run_id)
    if pointers[-1]["run_id"] == run_id:
        return last
    if run_id in rolled_back(dict(zip(known, pointers, strict=True))):
        progress.current().note(
            f"run {run_id} was rolled back: version {known[-1]} stays the newest; "
            f"`labelworks rollback {dataset} {last}` brings it back"
        )
        return last
    return append_version(store, dataset, {"run_id": run_id, "manifest": manifest})


def rollback(store: Store, dataset: str, number: int) -> int:
    """Make a version's run the newest again, by a version that records it; return that version's number.

    Raises InputError where there is no such version, or it is what the newest one points at.
    """
    known = versions(store, dataset)
    where = store.url(f"{dataset}/versions")
    if number not in known:
        listed = f"versions: {', '.join(map(str, known))}" if known else "nothing was published"
        raise InputError(f"there is no version {number}", where=where, fix=listed)
    pointer, newest = read_version(store, dataset, number), read_version(store, dataset, known[-1])
    if pointer["run_id"] == newest["run_id"]:
        raise InputError(f"version {known[-1]} is already run {pointer['run_id']}", where=where)
    moved = {"run_id": pointer["run_id"], "manifest": pointer["manifest"]}
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return append_version(
        store, dataset, {**moved, "rolled_back_from": known[-1], "to": number, "when": when}
    )


def rolled_back(pointers: dict[int, dict[str, Any]]) -> set[str]:
    """Runs that a person rolled back, and nothing brought back since; pointers by number, in order."""
    held: set[str] = set()
    for number, pointer in pointers.items():
        if "rolled_back_from" in pointer:
            held |= {earlier["run_id"] for n, earlier in pointers.items() if pointer["to"] < n < number}
        held.discard(pointer["run_id"])
    return held
