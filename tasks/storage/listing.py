"""What lies in a folder of a store: names, sizes and times, by one listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labelworks.tasks.storage.retries import again
from labelworks.tasks.storage.store import Store

TIMES = ("LastModified", "last_modified", "updated", "mtime")


@dataclass(frozen=True)
class Object:
    """An object: its name in the store, its bytes, and when it was written (seconds; None: not known)."""

    name: str
    size: int
    time: float | None


def objects(store: Store, folder: str) -> list[Object]:
    """All objects below a folder, by name; empty if there are none."""
    base = f"{store.base}/"
    listed = again(store.url(folder), _find, store, folder)
    return [
        Object(path.removeprefix(base), int(info.get("size") or 0), _time(info))
        for path, info in sorted(listed.items())
    ]


def modified(store: Store, name: str) -> float | None:
    """When an object was written, by the store's clock; None if it isn't there."""
    try:
        return _time(again(store.url(name), _info, store, name))
    except FileNotFoundError:
        return None


def _find(store: Store, folder: str) -> dict[str, Any]:
    try:
        return dict(store.fs.find(f"{store.base}/{folder}", detail=True))
    except FileNotFoundError:
        return {}


def _info(store: Store, name: str) -> dict[str, Any]:
    try:
        return dict(store.fs.info(f"{store.base}/{name}", refresh=True))
    except FileNotFoundError:
        return {}


def _time(info: dict[str, Any]) -> float | None:
    value = next((info[key] for key in TIMES if info.get(key) is not None), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.timestamp() if isinstance(value, datetime) else value
