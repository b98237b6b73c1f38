"""Signs of life: what is at work in a store keeps an object fresh there; nothing that it needs is removed."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from labelworks.schemas.errors import StoreError
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.execution import progress
from labelworks.tasks.storage.listing import modified
from labelworks.tasks.storage.store import Store

BEAT = 30.0  # seconds between two signs
DEAD = 600.0  # without a sign for so long: it is no longer at work
POLL = 0.1


@contextmanager
def run_heartbeat(artifacts: Artifacts) -> Iterator[None]:
    """Give signs of life of a run while the block lasts; before it, wait until nobody is removing things."""
    with heartbeat(artifacts.store, f"{artifacts.folder}/alive/{uuid.uuid4().hex}.json"):
        _wait_for_sweeper(artifacts.store, artifacts.name)
        yield


@contextmanager
def heartbeat(store: Store, name: str, **said: str) -> Iterator[None]:
    """Keep an object fresh while the block lasts, then remove it; said: what else it says."""
    who = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "since": datetime.now(UTC).isoformat(),
        **said,
    }
    sign, ended = json.dumps(who).encode(), threading.Event()
    store.write(name, sign)

    def beat() -> None:
        while not ended.wait(BEAT):
            with suppress(StoreError):  # the next one may succeed
                store.write(name, sign)

    thread = threading.Thread(target=beat, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(StoreError):  # it gets old
            store.delete(name)


def sweeper(dataset: str) -> str:
    """Name of the object that says that things are being removed from a dataset."""
    return f"{dataset}/gc.json"


def _wait_for_sweeper(store: Store, dataset: str) -> None:
    """Return when no sweeper gives signs of life; its age is told by its changes, not by clocks."""
    seen, since = None, time.monotonic()
    while (swept_at := modified(store, sweeper(dataset))) is not None:
        if swept_at != seen:
            if seen is None:
                progress.current().note("waiting for `labelworks gc` to end")
            seen, since = swept_at, time.monotonic()
        if time.monotonic() - since > DEAD:
            return
        time.sleep(POLL)
