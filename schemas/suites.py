"""The gates' expectations as data: one YAML file per stage, and what a user's config makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml
from pydantic import Field, ValidationError

from labelworks.schemas.conditions import columns_of, condition
from labelworks.schemas.config.run import GateConfig, GatesConfig
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import Record, Stage

STAGES: tuple[Stage, ...] = get_args(Stage)
COLUMN_KEYS = ("column", "column_A", "column_B")
Kind = Literal["rows", "figures"]


class Expectation(Record):
    """One thing that a gate asks of a partition's rows or of the stage's figures."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    expectation: str = Field(description="type in Great Expectations, in snake_case")
    column: str | None = None
    kwargs: dict[str, Any] = Field(default_factory=dict)
    threshold: str | None = Field(None, description="the argument that a user's threshold replaces")
    severity: Literal["error", "warning"] = "error"
    window: Literal["source", "target"] | None = Field(None, description="None: rows of both windows")
    why: str = ""
    says: str = Field("", description="what a failure means, in a few words, where figures alone don't tell")

    @property
    def arguments(self) -> dict[str, Any]:
        """What Great Expectations is called with."""
        return ({} if self.column is None else {"column": self.column}) | self.kwargs

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns (or figures) that it looks at."""
        single = [self.arguments[key] for key in COLUMN_KEYS if key in self.arguments]
        listed, asked = self.kwargs.get("column_list", ()), columns_of(self.kwargs.get("row_condition"))
        return tuple(dict.fromkeys([*single, *listed, *asked]))

    @property
    def mostly(self) -> float:
        """The share of rows that must pass."""
        return float(self.kwargs.get("mostly", 1.0))


class Suite(Record):
    """What is expected of one frame, and the columns that the frame has."""

    columns: tuple[str, ...]
    expect: tuple[Expectation, ...]
    of_source: bool = Field(False, description="it has every column of the source besides")

    def with_expectations(self, expect: Iterable[Expectation]) -> Suite:
        """Return the suite with other expectations."""
        return self.model_copy(update={"expect": tuple(expect)})

    def of(self, window: str) -> Suite:
        """What is expected of the rows of one window, source or target."""
        return self.with_expectations(
            expectation for expectation in self.expect if expectation.window in (None, window)
        )

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns that are read from the source, as it has them."""
        named = (name for expectation in self.expect for name in expectation.columns)
        return tuple(dict.fromkeys(name for name in named if name not in self.columns))


class GateSuites(Record):
    """Both suites of a stage's gate."""

    rows: Suite
    figures: Suite

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all its expectations, by which a config addresses them."""
        return tuple(expectation.name for expectation in (*self.rows.expect, *self.figures.expect))


class _Extra(Expectation):
    """A user's own expectation; `on` says of which frame, where the column leaves that open."""

    name: str = ""
    on: Kind | None = None
    window: Literal["source", "target"] | None = "source"


OWN_KEYS = ("name", "severity", "on", "window", "why", "says")  # all else is for Great Expectations


@cache
def defaults(stage: Stage) -> GateSuites:
    """Read the suites that the project ships for a stage."""
    text = (files("labelworks.schemas") / "expectations" / f"{stage}.yaml").read_text(encoding="utf-8")
    return GateSuites.model_validate(yaml.safe_load(text))


def reasons(stage: str) -> dict[str, str]:
    """Why each expectation of a stage is there, by its name; of those that the project ships."""
    if stage not in STAGES:
        return {}
    both = defaults(stage)
    return {expectation.name: expectation.why for expectation in (*both.rows.expect, *both.figures.expect)}


def suites(stage: Stage, config: GateConfig) -> GateSuites:
    """Return a stage's suites under a user's overrides.

    Raises ConfigError, naming the nearest one, for a threshold, severity or column that doesn't exist.
    """
    base, where = defaults(stage), f"gates.{stage}"
    _known(config.severity, base.names, f"{where}.severity", "expectation")
    settable = [
        expectation.name for expectation in (*base.rows.expect, *base.figures.expect) if expectation.threshold
    ]
    _known(config.thresholds, settable, f"{where}.thresholds", "threshold")
    extras = own_expectations(stage, config)
    _unique([*base.names, *(extra.name for _, extra in extras)], f"{where}.expectations")
    rows, figures = (
        suite.with_expectations(
            [
                *(_override(expectation, config) for expectation in suite.expect),
                *(extra for on, extra in extras if on == kind),
            ]
        )
        for kind, suite in (("rows", base.rows), ("figures", base.figures))
    )
    return GateSuites(rows=rows, figures=figures)


def own_expectations(stage: Stage, config: GateConfig) -> list[tuple[Kind, Expectation]]:
    """Return a user's own expectations in their order, each with the frame that it is about."""
    base, where = defaults(stage), f"gates.{stage}.expectations"
    return [
        _extra(expectation, base, f"{where}.{number}")
        for number, expectation in enumerate(config.expectations)
    ]


def of_stage(gates: GatesConfig, stage: Stage) -> GateConfig:
    """Return the overrides of one stage's gate."""
    section: GateConfig = getattr(gates, "validation" if stage == "validate" else stage)
    return section


def nearest(name: str, choices: Iterable[str], *, limit: int = 1) -> str:
    """Say which of the choices a name may have meant, or list all where none is near."""
    known = sorted(choices)
    close = get_close_matches(name, known, n=limit, cutoff=0.5)
    if not known:
        return "there are none"
    return f"did you mean {' or '.join(map(repr, close))}?" if close else f"choices: {', '.join(known)}"


def _override(each: Expectation, config: GateConfig) -> Expectation:
    changes: dict[str, Any] = {}
    if each.threshold and each.name in config.thresholds:
        changes["kwargs"] = {**each.kwargs, each.threshold: config.thresholds[each.name]}
    if each.name in config.severity:
        changes["severity"] = config.severity[each.name]
    return each.model_copy(update=changes)


def _extra(entry: dict[str, Any], base: GateSuites, where: str) -> tuple[Kind, Expectation]:
    expectation, where = _read(entry, where)
    try:
        extra = _Extra.model_validate(expectation)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        raise ConfigError(f"{key}: {problem['msg']}", where=f"{where}.{key}") from error
    extra = extra.model_copy(update={"kwargs": _arguments(extra.kwargs, where)})
    kind = extra.on or _kind(extra, base, where)
    frame = base.rows if kind == "rows" else base.figures
    if kind == "rows" and not frame.columns:
        raise ConfigError(
            "no rows are looked at after this stage", where=where, fix="name one of its figures"
        )
    if not frame.of_source:
        _known(extra.columns, frame.columns, where, "column")
    fields = extra.model_dump(exclude={"on"}) | {"name": extra.name or _default_name(extra)}
    return kind, Expectation.model_validate(fields)


def _read(entry: dict[str, Any], where: str) -> tuple[dict[str, Any], str]:
    """The fields of an entry such as {expect_column_max_to_be_between: {column: price}}, and its key."""
    kind, given = next(iter(entry.items()), ("", None))
    if len(entry) != 1 or not isinstance(given or {}, dict):
        raise ConfigError(
            "an expectation is one key with its arguments",
            where=where,
            fix="as in expect_column_values_to_be_between: {column: score, min_value: 0}",
        )
    arguments = dict(given or {})
    own = {name: arguments.pop(name) for name in OWN_KEYS if name in arguments}
    column = arguments.pop("column", None)
    return {"expectation": str(kind), "column": column, "kwargs": arguments, **own}, f"{where}.{kind}"


def _arguments(kwargs: dict[str, Any], where: str) -> dict[str, Any]:
    """The arguments, with a condition on rows in its one form; ConfigError for one that would be run."""
    parser = kwargs.get("condition_parser")
    if "row_condition" not in kwargs and parser is None:
        return kwargs
    try:
        row_condition = condition(kwargs.get("row_condition"), parser)
    except ValueError as error:
        raise ConfigError(str(error), where=f"{where}.row_condition") from error
    return {name: value for name, value in kwargs.items() if name != "condition_parser"} | {
        "row_condition": row_condition
    }


def _kind(extra: _Extra, base: GateSuites, where: str) -> Kind:
    """Which frame has all of its columns; raise ConfigError if both have, or none."""
    fits: list[Kind] = [
        kind for kind in get_args(Kind) if set(extra.columns) <= set(getattr(base, kind).columns)
    ]
    if extra.columns and not fits and base.rows.of_source:
        return "rows"
    if not extra.columns and base.rows.columns:
        return "rows"  # of figures there is one row
    if len(fits) == 1:
        return fits[0]
    if not fits:
        _known(extra.columns, (*base.rows.columns, *base.figures.columns), where, "column")
    raise ConfigError(
        f"{extra.expectation} could be meant of rows or of figures", where=where, fix="add on: rows|figures"
    )


def _default_name(extra: Expectation) -> str:
    short = extra.expectation.removeprefix("expect_").removeprefix("column_")
    plain = re.sub(r"[^a-z0-9_]", "_", "_".join([*extra.columns[:1], short]).lower())
    return plain if plain[:1].isalpha() else f"column_{plain}"


def _known(names: Iterable[str], choices: Iterable[str], where: str, kind: str) -> None:
    for name in names:
        if name not in choices:
            raise ConfigError(f"unknown {kind} {name!r}", where=where, fix=nearest(name, choices))


def _unique(names: list[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"two expectations are called {name!r}", where=where, fix="give yours another name"
            )
