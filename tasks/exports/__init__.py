"""What a published version is written as besides its parquet parts, which stay the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.exports import datasets, delta
from labelworks.tasks.exports.base import Version
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
    "delta": Export(delta.check, delta.reach, delta.done, delta.write, delta.address),
}


def check_exports(config: RunConfig) -> None:
    """Raise ConfigError if a form that the config asks for needs a package that isn't installed."""
    for name in config.publish.also:
        EXPORTS[name].check()


def check_reach(run: Run) -> None:
    """Raise ConfigError if a form that the config asks for can't be written to the run's store."""
    for name in run.config.publish.also:
        EXPORTS[name].reach(run.store)


def write_exports(run: Run, record: RunRecord) -> None:
    """Write a published version in every form that the config asks for and that isn't there."""
    version = Version(run, record)
    for name in _asked(run, record):
        if not EXPORTS[name].done(version):
            EXPORTS[name].write(version)


def exported(run: Run, record: RunRecord) -> bool:
    """Whether a version is there in every form that the config asks for."""
    return all(EXPORTS[name].done(Version(run, record)) for name in _asked(run, record))


def with_exports(run: Run, record: RunRecord) -> RunRecord:
    """The record, saying where each form is."""
    addresses = {name: EXPORTS[name].address(Version(run, record)) for name in _asked(run, record)}
    return record.model_copy(update={"exports": addresses})


def _asked(run: Run, record: RunRecord) -> tuple[str, ...]:
    return run.config.publish.also if record.version is not None else ()
