"""A lease, for stores that take any put: write who may, wait until nobody else can have, and read it back."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from labelworks.schemas.errors import StoreError
from labelworks.tasks.execution import progress
from labelworks.tasks.storage.store import Store

SETTLE = 1.0  # seconds from writing a lease to trusting it
PROMPT = SETTLE / 2  # a lease that took longer to write, after it was seen free, is not trusted
LASTS = 60.0  # what is done under a lease has to be done by then
SKEW = 600.0  # by how much clocks may differ
PATIENCE = 600.0
POLL = 0.25


@contextmanager
def lease(store: Store, name: str, owner: str) -> Iterator[None]:
    """Hold the only lease of a name (L. Lamport's account of M. Fischer's algorithm, 1987).

    Raises StoreError that names who holds it if that takes too long, or if our own work outlasts the lease.
    """
    mine, began = _acquire(store, name, owner)
    try:
        yield
        if time.monotonic() - began > LASTS:
            raise StoreError("the lease ran out", where=store.url(name), fix="run again: the work is done")
    finally:
        if _look(store, name) == mine:
            store.delete(name)


def _acquire(store: Store, name: str, owner: str) -> tuple[bytes, float]:
    """Content of the lease that is ours, and when it began."""
    began, watch = time.monotonic(), _Watch()
    while time.monotonic() - began < PATIENCE:
        at = time.monotonic()
        if watch.holds(_look(store, name)):
            time.sleep(POLL * (1 + random.random()))
            continue
        mine = lease_file(owner)
        store.write(name, mine)
        wrote = time.monotonic()
        if wrote - at < PROMPT:
            time.sleep(SETTLE)
            if _look(store, name) == mine:
                return mine, wrote
    raise StoreError(
        f"run {watch.owner} has held the lease for {PATIENCE:.0f} s",
        where=store.url(name),
        fix="run again when that run is done: only the version is missing",
    )


class _Watch:
    """Whether somebody else's lease still holds, without trust in his clock."""

    def __init__(self) -> None:
        self.seen, self.since, self.owner = b"", 0.0, ""

    def holds(self, content: bytes | None) -> bool:
        if content is None:
            return False
        if content != self.seen:
            self.seen, self.since = content, time.monotonic()
            held = json.loads(content)
            if held["owner"] != self.owner:
                progress.current().note(f"run {held['owner']} is publishing: waiting for it")
            self.owner = held["owner"]
            if datetime.now(UTC) - datetime.fromisoformat(held["expires"]) > timedelta(seconds=SKEW):
                return False
        return time.monotonic() - self.since < LASTS


def lease_file(owner: str) -> bytes:
    """What the holder writes: who it is, until when it holds, and a token that no other has."""
    expires = datetime.now(UTC) + timedelta(seconds=LASTS)
    return json.dumps({"owner": owner, "expires": expires.isoformat(), "token": uuid.uuid4().hex}).encode()


def _look(store: Store, name: str) -> bytes | None:
    try:
        return store.read(name)
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
