"""Opening a run: its store, its plan, and from the two its id."""

from __future__ import annotations

import uuid
from typing import Any

from schemas.config import RunConfig
from schemas.errors import StoreError
from tasks.io.plan import Plan, plan_window
from tasks.io.run import Run, identify
from tasks.io.source import list_files
from tasks.io.store import Store
from tasks.io.votes import vote_prints


def reopen(config: RunConfig, run_id: str, secrets: dict[str, Any]) -> Run:
    """A run whose id is known; `secrets` are storage options that no config holds."""
    same = config.dataset.source.split("://")[0] == config.store.root.split("://")[0]
    shared = config.store.storage_options if same else {}
    options = {
        **shared,
        **config.dataset.storage_options,
        **(secrets if _remote(config.dataset.source) else {}),
    }
    store = Store(
        config.store.root,
        {**config.store.storage_options, **(secrets if _remote(config.store.root) else {})},
    )
    return Run(config, store, run_id, options)


def open_run(config: RunConfig, secrets: dict[str, Any]) -> tuple[Run, dict[str, Plan]]:
    """Plan the windows of a config and name the run; InputError or StoreError before any work is done."""
    run = reopen(config, "", secrets)
    windows = ("source", "target") if config.dataset.target is not None else ("source",)
    plans = {window: plan_window(config, window, run.source_options) for window in windows}
    prints = [each for plan in plans.values() for each in plan.fingerprints] + vote_prints(run)
    probe(run.store, config.dataset.name)
    return reopen(config, identify(config, prints), secrets), plans


def find_run(config: RunConfig, secrets: dict[str, Any]) -> Run:
    """The run that the source as it is now leads to, from its listings alone: whether it was done or not."""
    run = reopen(config, "", secrets)
    data = config.dataset
    windows = ("source", "target") if data.target is not None else ("source",)
    prints = [
        f"{window}:{file.name}:{file.fingerprint}"
        for window in windows
        for file in list_files(data.place(window), data.format, run.source_options)
    ]
    prints += vote_prints(run)
    return reopen(config, identify(config, prints), secrets)


def probe(store: Store, folder: str) -> None:
    """Write and remove an object: a store that can't be written is found before the work, not after it."""
    name = f"{folder}/.probe-{uuid.uuid4().hex}"
    try:
        store.write(name, b"")
        store.delete(name)
    except StoreError as error:
        raise StoreError(
            f"the store can't be written: {error.what}", where=store.url(folder), fix=error.fix
        ) from error


def _remote(url: str) -> bool:
    return "://" in url and not url.startswith("file://")
