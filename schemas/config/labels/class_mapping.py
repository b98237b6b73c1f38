"""`dataset.class_mapping`: what classes are called in a run, by what they are called in the data."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from labelworks.schemas.config.yaml_lines import read_yaml
from labelworks.schemas.errors import ConfigError

KEY = "dataset.class_mapping"
Name = str | int


def read_mapping(given: Any) -> Any:
    """A mapping with its names as text, read from a YAML file where a path is given.

    A run carries what stands in the file, not where it lies. Raises ConfigError, with the line, where the
    file can't be read or holds anything but `name: other` and `name: null`.
    """
    if isinstance(given, str):
        return _of_file(Path(given).expanduser(), given) or None
    return _named(given, KEY, {}) or None if isinstance(given, Mapping) else given


def check_mapping(mapping: Mapping[str, Name | None], classes: tuple[Name, ...] | None) -> None:
    """Raise ValueError where a class would need two steps, or lead to none of the listed classes."""
    for name, become in mapping.items():
        end = None if become is None else mapping.get(str(become), become)
        if become is not None and str(end) != str(become):
            last = "null" if end is None else repr(end)
            raise ValueError(
                f"class_mapping: {name!r} becomes {become!r}, and that {last}: say at once what it becomes"
            )
        if classes and become is not None and str(become) not in map(str, classes):
            near = get_close_matches(str(become), [str(name) for name in classes], n=1)
            hint = f"did you mean {near[0]!r}?" if near else "list it there, or name one of them"
            raise ValueError(
                f"class_mapping: {name!r} becomes {become!r}, which is none of dataset.classes: {hint}"
            )


def _of_file(path: Path, name: str) -> dict[str, Name | None]:
    try:
        document = read_yaml(path.read_text(encoding="utf-8-sig"), name)
    except OSError as error:
        raise ConfigError(
            f"can't be read: {error.strerror}",
            where=f"{KEY}: {name}",
            fix="`labelworks classes CONFIG` prints such a file",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=f"{KEY}: {name}") from error
    if not isinstance(document.value, dict | None):
        raise ConfigError("expected lines of `name: other` or `name: null`", where=name)
    lines = {path[0]: f"{name}:{line}" for path, line in document.lines.items() if len(path) == 1}
    return _named(document.value or {}, name, lines)


def _named(given: Mapping[Any, Any], where: str, lines: Mapping[Any, str]) -> dict[str, Name | None]:
    """Names as text; raise ConfigError where two are the same text, or a class becomes no class."""
    mapping: dict[str, Name | None] = {}
    for key, value in given.items():
        name, become = as_label(key), str(value).lower() if isinstance(value, bool) else value
        at = lines.get(key, where)
        if name in mapping:
            raise ConfigError(f"{name!r} stands there twice, as text and as a number", where=at)
        if not (become is None or isinstance(become, str | int)):
            raise ConfigError(
                f"{name!r} becomes {value!r}", where=at, fix="name a class, or null to put it aside"
            )
        mapping[name] = become
    return mapping


def as_label(key: Any) -> str:
    """A name as labels that are kept as strings have it: booleans are `true` and `false`."""
    return str(key).lower() if isinstance(key, bool) else "" if key is None else str(key)
