"""Where the page on which people look at rows of a dataset is being served, so that events can name it."""

from __future__ import annotations

import socket
import time
from contextlib import AbstractContextManager

from labelworks.tasks.catalog.heartbeat import DEAD, heartbeat
from labelworks.tasks.storage.listing import modified
from labelworks.tasks.storage.store import Store


def page_served(store: Store, dataset: str, address: str) -> AbstractContextManager[None]:
    """Say while the block lasts that a page is served here, at an address without anybody's token."""
    return heartbeat(store, _sign(dataset), address=address)


def served_page(store: Store, dataset: str) -> str:
    """The address of a page that is being served on this machine; empty where none is.

    It is on loopback, so a page on another machine is none that could be opened by it.
    """
    name = _sign(dataset)
    seen = modified(store, name)
    if seen is None or time.time() - seen > DEAD:
        return ""
    said = store.read_json(name)
    return str(said["address"]) if said.get("host") == socket.gethostname() else ""


def _sign(dataset: str) -> str:
    return f"{dataset.partition('@')[0]}/review-page.json"
