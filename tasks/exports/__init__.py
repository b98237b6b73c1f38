"""What a published version is written as besides its parquet parts, which stay the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labelworks.schemas.records import RunRecord
from labelworks.tasks.exports import datasets, delta
from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.described import card, croissant
from labelworks.tasks.storage.store import Store


@dataclass(frozen=True)
class Export:
    """A form of a version. `done` looks whether it is there, `write` makes it, or what of it is missing.

    check: whether its package is installed; reach: whether it can be written to a store.
    """

    check: Callable[[], None]
    reach: Callable[[Store], None]
    done: Callable[[Version], bool]
    write: Callable[[Version], None]
    address: Callable[[Version], str]


EXPORTS: dict[str, Export] = {
    "datasets": Export(lambda: None, lambda store: None, datasets.done, datasets.write, datasets.address),
    "card": Export(lambda: None, lambda store: None, card.done, card.write, card.address),
    "croissant": Export(lambda: None, lambda store: None, croissant.done, croissant.write, croissant.address),
    "delta": Export(delta.check, delta.reach, delta.done, delta.write, delta.address),
}


def check_exports(names: Sequence[str]) -> None:
    """Raise ConfigError if one of the forms needs a package that isn't installed."""
    for name in names:
        EXPORTS[name].check()


def check_reach(store: Store, names: Sequence[str]) -> None:
    """Raise ConfigError if one of the forms can't be written to the store."""
    for name in names:
        EXPORTS[name].reach(store)


def write_exports(version: Version, names: Sequence[str]) -> None:
    """Write a published version in each of the forms, unless it is there; of no version nothing."""
    for name in _asked(version, names):
        if not EXPORTS[name].done(version):
            EXPORTS[name].write(version)


def exported(version: Version, names: Sequence[str]) -> bool:
    """Whether a version is there in each of the forms."""
    return all(EXPORTS[name].done(version) for name in _asked(version, names))


def with_exports(version: Version, names: Sequence[str]) -> RunRecord:
    """The record, saying where each form is."""
    addresses = {name: EXPORTS[name].address(version) for name in _asked(version, names)}
    return version.record.model_copy(update={"exports": addresses})


def _asked(version: Version, names: Sequence[str]) -> Sequence[str]:
    return names if version.record.version is not None else ()
