"""Pydantic's errors in the words of the config file: place, key, what was expected, nearest key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.section import Section
from labelworks.schemas.config.yaml_lines import Path
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.secrets.find import secret_paths

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

KEPT_BACK = {"secret", "storage_options", "cluster_kwargs", "key_env"}  # where secrets may be
KINDS: dict[type, str] = {dict: "a mapping", list: "a list", str: "text"}
EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_pattern_mismatch": "text matching {pattern}",
}
SHOWN = 60


@dataclass
class Places:
    """Where each key was given: `file:line`, or the option of the command line."""

    name: str
    _at: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def of_file(cls, name: str, lines: Mapping[Path, int]) -> Places:
        """Places of the keys of one file."""
        return cls(name, {path: f"{name}:{line}" for path, line in lines.items()})

    def put(self, path: Path, place: str) -> None:
        """Say that a key, and all below it, was given somewhere else."""
        self._at = {known: at for known, at in self._at.items() if known[: len(path)] != path}
        self._at[path] = place

    def of(self, path: Path) -> str:
        """Place of a key, or of the nearest key above it."""
        return next(
            (self._at[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self._at), self.name
        )


@dataclass(frozen=True)
class _Problem:
    place: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" + (f" ({self.fix})" if self.fix else "")


def explain(error: ValidationError, raw: dict[Any, Any], places: Places) -> ConfigError:
    """One ConfigError for all that is wrong: unknown keys first, since a typo is often why one is missing."""
    groups: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors():
        groups.setdefault(_path(detail, raw), []).append(detail)
    unknown_first = sorted(groups.items(), key=lambda group: group[1][0]["type"] != "extra_forbidden")
    first, *others = [_problem(path, details, raw, places) for path, details in unknown_first]
    fixes = [first.fix] if first.fix else []
    fixes += [f"also {other}" for other in others]
    return ConfigError(first.what, where=first.place, fix="\n  ".join(fixes))


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The fields of a section by the names they have in YAML."""
    return {info.alias or name: info for name, info in section.model_fields.items()}


def section_of(section: type[Section], path: Path) -> type[Section] | None:
    """The section found at a path below another, or None where there is none."""
    for key in path:
        info = fields_of(section).get(str(key))
        if info is None or not (isinstance(info.annotation, type) and issubclass(info.annotation, Section)):
            return None
        section = info.annotation
    return section


def _path(detail: ErrorDetails, raw: dict[Any, Any]) -> Path:
    """The keys of an error's location, without the branches of a union that pydantic adds to them."""
    path: list[str | int] = []
    value: Any = raw
    for key in detail["loc"]:
        if _holds(value, key):
            value = value[key]
        elif not (detail["type"] == "missing" and isinstance(value, dict)):
            break
        path.append(key)
    if not path and detail["type"] == "value_error":  # a check across sections names its key first
        named = _message(detail).split(maxsplit=1)[0].split(".")
        path += [int(part) if part.isdecimal() else part for part in named]
    return tuple(path)


def _holds(value: Any, key: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(key, int) and key < len(value)
    return isinstance(value, dict) and key in value


def _problem(path: Path, details: list[ErrorDetails], raw: dict[Any, Any], places: Places) -> _Problem:
    place, dotted, kind = places.of(path), _dotted(path), details[0]["type"]
    if kind == "extra_forbidden":
        return _Problem(place, f'unknown key "{dotted}"', _nearest(path))
    if kind == "missing":
        return _Problem(place, f'missing key "{dotted}"', _about(path))
    if kind == "value_error":
        message = _message(details[0])
        return _Problem(place, message if message.startswith(dotted) else f'"{dotted}": {message}')
    expected = " or ".join(dict.fromkeys(_expected(detail) for detail in details))
    return _Problem(
        place, f'"{dotted}" is {_shown(path, _at(raw, path))}; expected {expected}', _hint(path, details, raw)
    )


def _expected(detail: ErrorDetails) -> str:
    template = EXPECTED.get(detail["type"])
    if template is None:
        return detail["msg"].removeprefix("Input should be ")
    return template.format(**detail.get("ctx", {}))


def _hint(path: Path, details: list[ErrorDetails], raw: dict[Any, Any]) -> str:
    value = _at(raw, path)
    if value is None:
        return "remove the key for its default"
    for detail in details:
        if detail["type"] == "string_type" and not (isinstance(value, dict | list) or KEPT_BACK & set(path)):
            return f'quote it: "{value}"'
        if detail["type"] == "literal_error":
            choices = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            close = get_close_matches(str(value), choices, n=1)
            return f'did you mean "{close[0]}"?' if close else ""
    return ""


def _nearest(path: Path) -> str:
    section, key = section_of(RunConfig, path[:-1]), str(path[-1])
    known = list(fields_of(section)) if section else []
    if close := get_close_matches(key, known, n=1):
        return f'did you mean "{close[0]}"?'
    if elsewhere := [_dotted(other) for other in _all_paths(RunConfig) if other[-1] == key]:
        return f'did you mean "{elsewhere[0]}"?'
    return f"known keys: {', '.join(known)}" if known else ""


def _all_paths(section: type[Section], prefix: Path = ()) -> Iterator[Path]:
    for key in fields_of(section):
        yield (*prefix, key)
        if inner := section_of(section, (key,)):
            yield from _all_paths(inner, (*prefix, key))


def _about(path: Path) -> str:
    section = section_of(RunConfig, path[:-1])
    info = fields_of(section).get(str(path[-1])) if section else None
    return (info.description or "") if info else ""


def _message(detail: ErrorDetails) -> str:
    return detail["msg"].removeprefix("Value error, ")


def _at(raw: Any, path: Path) -> Any:
    for key in path:
        raw = raw[key]
    return raw


def _dotted(path: Path) -> str:
    return ".".join(str(key) for key in path)


def _shown(path: Path, value: Any) -> str:
    """A value as an error shows it; of what holds keys, or seems to, no more than what it is."""
    if KEPT_BACK & set(path) or any(secret_paths(json.loads(json.dumps(value, default=str)), "")):
        return KINDS.get(type(value), "a value")
    text = "empty" if value is None else repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
