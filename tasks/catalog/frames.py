"""Tables of notebooks, kept as files beside the store whose runs read them."""

from __future__ import annotations

from labelworks.tasks.storage.store import Store


def frames_beside(store: Store) -> Store:
    """Where the tables are that runs of a store were given: a folder a dataset, files named by content."""
    return Store(f"{store.root.rstrip('/')}-frames", store.options)
