"""Refuse a gate's config before any work is done."""

from __future__ import annotations

from labelworks.schemas.config.run import GatesConfig
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.suites import STAGES, Expectation, nearest, of_stage, own_expectations, suites
from labelworks.tasks.gates import engine


def check_gates(config: GatesConfig) -> None:
    """Raise ConfigError for an unknown threshold, severity, column or expectation, or for bad arguments.

    Great Expectations is only imported where the config has expectations of its own.
    """
    for stage in STAGES:
        gate = of_stage(config, stage)
        suites(stage, gate)
        for position, (_, expectation) in enumerate(own_expectations(stage, gate)):
            _check(expectation, f"gates.{stage}.expectations.{position}.{expectation.expectation}")


def _check(each: Expectation, where: str) -> None:
    known = engine.types()
    if each.expectation not in known:
        hint = nearest(each.expectation, known, limit=3)
        raise ConfigError(f"unknown expectation {each.expectation!r}", where=where, fix=hint)
    takes = engine.arguments(each.expectation)
    for name in each.kwargs:
        if name not in takes:
            what = f"{each.expectation} takes no {name!r}"
            raise ConfigError(what, where=f"{where}.{name}", fix=nearest(name, takes))
    try:
        engine.build(each)
    except ValueError as error:
        raise ConfigError(f"{each.name}: {_first_line(error)}", where=where) from error


def _first_line(error: ValueError) -> str:
    """The library's messages list every union member that a value failed; the first says enough."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join(lines[1:3]) if len(lines) > 2 else str(error)
