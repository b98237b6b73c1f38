"""Opening a run: its store, its plan, and from the two its id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeVar

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import StoreError
from labelworks.tasks.artifacts.decisions.log import decisions_files, decisions_print
from labelworks.tasks.artifacts.votes.vote_files import vote_prints
from labelworks.tasks.exports import check_reach
from labelworks.tasks.planning.plan import Plan, plan_window
from labelworks.tasks.planning.run import Run, identify
from labelworks.tasks.planning.store_apart import SERVERS, check_apart
from labelworks.tasks.planning.table_features import settled
from labelworks.tasks.planning.values import votes_of
from labelworks.tasks.sources.files import Listing, list_files, listing
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import newest_number

_Found = TypeVar("_Found")
_found: ContextVar[dict[tuple[str, str], Any] | None] = ContextVar("found", default=None)


@contextmanager
def listed_once() -> Iterator[None]:
    """In this block the source of a config is listed and planned once, by the first who asks."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def open_run(config: RunConfig, run_id: str, secrets: dict[str, Any]) -> Run:
    """A run whose id is known; `secrets` are the store's storage options that no config holds.

    The source gets them too where it is on the store's own server, and nobody else does.
    """
    same = config.dataset.source.split("://")[0] == config.store.root.split("://")[0]
    shared = config.store.storage_options if same else {}
    own = secrets if _same_server(config, secrets) else {}
    options = {**shared, **config.dataset.storage_options, **own}
    store = Store(
        config.store.root,
        {**config.store.storage_options, **(secrets if _remote(config.store.root) else {})},
    )
    return Run.of(config, store, run_id, options)


def plan_run(config: RunConfig, secrets: dict[str, Any]) -> tuple[Run, dict[str, Plan]]:
    """Plan the windows of a config and name the run; InputError or StoreError before any work is done."""
    return _once("plan", config, lambda: _opened(config, secrets))


def find_run(config: RunConfig, secrets: dict[str, Any]) -> Run:
    """The run that the source as it is now leads to, from its listings alone: whether it was done or not."""
    run = open_run(config, "", secrets)
    prints = [mark for window, listed in _listed(run).items() for mark in listed.prints(window)]
    return _named(config, run, prints, secrets)


def _opened(config: RunConfig, secrets: dict[str, Any]) -> tuple[Run, dict[str, Plan]]:
    run = open_run(config, "", secrets)
    check_reach(run.artifacts.store, config.publish.also)
    data = config.dataset
    target = data.target and data.place("target")
    read = {"source": data.place("source"), "target": target, "image_root": data.image_root}
    places = {f"dataset.{key}": place for key, place in read.items() if place}
    check_apart(run.artifacts.store, places, run.source.options)
    listings = _listed(run)
    known = settled(config, run.source.options, listings["source"].files)
    plans = {
        window: plan_window(known, window, run.source.options, listed) for window, listed in listings.items()
    }
    prints = [fingerprint for plan in plans.values() for fingerprint in plan.fingerprints]
    probe(run.artifacts.store, config.dataset.name)
    named = _named(config, run, prints, secrets, known)
    return replace(named, newest=newest_number(run.artifacts.store, run.artifacts.dataset)), plans


def _named(
    config: RunConfig, run: Run, prints: list[str], secrets: dict[str, Any], known: RunConfig | None = None
) -> Run:
    """The run of these files, of what lies beside them, and of what people have decided by now.

    known: the config with what the files decide of it, which its name isn't made of.
    """
    store, dataset = run.artifacts.store, run.artifacts.name
    decided = _once("decided", config, lambda: decisions_files(store, dataset))
    said = [f"decisions:{decisions_print(store, decided)}"] if decided else []
    prints = prints + _prints_beside(run)
    named = open_run(known or config, identify(config, prints + said), secrets)
    return replace(named, decided=decided, undecided=identify(config, prints))


def _listed(run: Run) -> dict[str, Listing]:
    """The files of each window."""
    data = run.config.dataset
    windows = ("source", "target") if data.target is not None else ("source",)

    def found() -> dict[str, Listing]:
        files = {window: listing(data.place(window), data.format, run.source.options) for window in windows}
        if data.image_root is None:
            return files
        images = list_files(data.image_root, "images", run.source.options)
        named = {image.name: image.fingerprint for image in images}
        return {window: replace(listed, images=named) for window, listed in files.items()}

    return _once("files", run.config, found)


def _prints_beside(run: Run) -> list[str]:
    asked = votes_of(run.config.dataset)
    if asked is None:
        return _audited_prints(run)
    return _audited_prints(run) + _once("votes", run.config, lambda: vote_prints(asked, run.source.options))


def _audited_prints(run: Run) -> list[str]:
    """Of the rows that people looked at, by which changes and judges are judged."""
    asked = {"audited": run.config.treat.audited, "judges.audited": run.config.treat.judges.audited}
    return [
        f"{name}:{file.name}:{file.fingerprint}"
        for name, place in asked.items()
        if place
        for file in list_files(place, "auto", run.source.options)
    ]


def _once(what: str, config: RunConfig, make: Callable[[], _Found]) -> _Found:
    """What was found of a config before, in a block of `listed_once`; elsewhere it is made anew."""
    known = _found.get()
    if known is None:
        return make()
    key = (what, config.model_dump_json())
    if key not in known:
        known[key] = make()
    kept: _Found = known[key]
    return kept


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


def _same_server(config: RunConfig, secrets: dict[str, Any]) -> bool:
    """Whether all of the dataset that isn't on this machine is where the store is: by protocol and server."""
    protocols = {place.partition("://")[0] for place in config.dataset.places if _remote(place)}
    there, here = {**config.store.storage_options, **secrets}, config.dataset.storage_options
    same = all(here[name] == there.get(name) for name in SERVERS if name in here)
    return protocols == {config.store.root.partition("://")[0]} and same


def _remote(url: str) -> bool:
    return "://" in url and not url.startswith("file://")
