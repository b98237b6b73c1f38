"""Objects numbered in their order, each created once and never replaced, by whoever comes first."""

from __future__ import annotations

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.lease import lease
from labelworks.tasks.storage.store import Store

ATTEMPTS = 100
DIGITS = 6


def numbers(store: Store, folder: str, suffix: str) -> list[int]:
    """Numbers of the objects in a folder, in order."""
    stems = (name.removesuffix(suffix) for name in store.names(folder) if name.endswith(suffix))
    return sorted(int(stem) for stem in stems if stem.isdigit())


def numbered(folder: str, number: int, suffix: str) -> str:
    """Name of the object of a number."""
    return f"{folder}/{number:0{DIGITS}d}{suffix}"


def append(store: Store, folder: str, data: bytes, suffix: str, owner: str) -> int:
    """Create the next object of a folder, whole or not at all; its number. owner: who waits for a lease.

    By a put that must not replace, or under a lease where the store has no such put. Raises StoreError where
    others keep taking the number.
    """
    if not store.try_conditional_put():
        with lease(store, f"{folder}/.lease", owner):
            return _put(store, folder, data, suffix)
    for _ in range(ATTEMPTS):
        number = max(numbers(store, folder, suffix), default=0) + 1
        if store.create(numbered(folder, number, suffix), data):
            return number
    raise StoreError(
        f"no free number after {ATTEMPTS} tries: others keep writing",
        where=store.url(folder),
        fix="try again",
    )


def _put(store: Store, folder: str, data: bytes, suffix: str) -> int:
    number = max(numbers(store, folder, suffix), default=0) + 1
    name = numbered(folder, number, suffix)
    store.write(name, data)
    if store.read(name) != data:
        raise StoreError("somebody else wrote this object", where=store.url(name), fix="try again")
    return number
