"""A preload of this machine's workers: what they log, also of tasks that fail, holds no secrets."""

from __future__ import annotations

from typing import Any

from labelworks.schemas.secrets.logging import hide_secrets


def dask_setup(worker: Any) -> None:
    """Dask calls this in each worker that is started with this module as its preload."""
    hide_secrets()
