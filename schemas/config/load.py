"""From a YAML file and options of the command line to a RunConfig; every error names its line or option."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from labelworks.schemas.config.messages import Places, explain, fields_of, section_of
from labelworks.schemas.config.run import RunConfig, StoreConfig
from labelworks.schemas.config.section import Section
from labelworks.schemas.config.yaml_lines import read_yaml
from labelworks.schemas.errors import ConfigError
from labelworks.schemas.locations import chained

LOCAL_PATHS = (
    ("dataset", "source"), ("dataset", "target"), ("dataset", "image_root"), ("dataset.votes", "source"),
    ("store", "root"),
)  # fmt: skip


def load_config(
    path: str | File,
    overrides: Sequence[str] = (),
    *,
    check: Callable[[RunConfig], None] | None = None,
) -> RunConfig:
    """Read a run's configuration, apply `key.sub=value` overrides in order, and validate the whole.

    Relative paths (`dataset.source`, `dataset.target`, `store.root`), in the file and in overrides alike,
    are relative to the current directory, as those of a command line are; they come back absolute, so that
    workers started elsewhere mean the same file. A section left empty has its defaults.

    `check` looks at the valid config; a ConfigError of its own whose `where` is a dotted key gets the line.

    Raises ConfigError: no such file, bad YAML, duplicate, unknown or missing keys, wrong types and values.
    """
    name = str(path)
    document = read_yaml(_text(File(path), name), name)
    if document.value is None:
        raise ConfigError("the file is empty", where=name, fix=_HINT)
    if not isinstance(document.value, dict):
        raise ConfigError("expected keys such as dataset and store", where=f"{name}:1", fix=_HINT)
    places = Places.of_file(name, document.lines)
    for override in overrides:
        _override(document.value, places, override)
    _fill_empty(document.value, RunConfig)
    _absolute(document.value)
    return _validate(document.value, places, check)


_HINT = "`labelworks init SOURCE` writes a config for a dataset"


def _text(file: File, name: str) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError("no such file", where=name, fix=_HINT) from error
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", where=name) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", where=f"{name}:{line}") from error


def _override(raw: dict[Any, Any], places: Places, override: str) -> None:
    dotted, equals, text = override.partition("=")
    keys = tuple(dotted.strip().split("."))
    if not equals or not all(keys):
        raise ConfigError("expected key.sub=value", where=f"--set {override}")
    option = f"--set {dotted.strip()}"
    inner: dict[Any, Any] = raw
    for depth, key in enumerate(keys[:-1], start=1):
        if not isinstance(inner.get(key), dict):
            inner[key] = {}
            places.put(keys[:depth], option)
        inner = inner[key]
    try:
        inner[keys[-1]] = read_yaml(text, option).value
    except ConfigError as error:
        raise ConfigError(error.what, where=option) from error
    places.put(keys, option)


def _fill_empty(raw: dict[Any, Any], section: type[Section]) -> None:
    for key in fields_of(section):
        inner = section_of(section, (key,))
        if inner is not None and key in raw:
            if raw[key] is None:
                raw[key] = {}
            if isinstance(raw[key], dict):
                _fill_empty(raw[key], inner)


def _absolute(raw: dict[Any, Any]) -> None:
    if isinstance(store := raw.setdefault("store", {}), dict):
        store.setdefault("root", StoreConfig().root)
    for section, key in LOCAL_PATHS:
        inner: Any = raw
        for part in section.split("."):
            inner = inner.get(part) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get(key), str) and inner[key]:
            inner[key] = absolute(inner[key])


def absolute(location: str) -> str:
    """A local path made absolute against the current directory; a URL as it is."""
    if "://" in location or chained(location):
        return location
    folder = "/" if location.endswith("/") else ""
    return os.path.normpath(File.cwd() / File(location).expanduser()).rstrip("/") + folder


def _validate(raw: dict[Any, Any], places: Places, check: Callable[[RunConfig], None] | None) -> RunConfig:
    try:
        config = RunConfig.model_validate(raw)
    except ValidationError as error:
        raise explain(error, raw, places) from error
    if check is None:
        return config
    try:
        check(config)
    except ConfigError as error:
        key = error.where
        place = places.of(tuple(int(part) if part.isdecimal() else part for part in key.split(".")))
        raise ConfigError(error.what, where=f"{place}: {key}", fix=error.fix) from error
    return config
