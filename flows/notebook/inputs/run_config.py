"""From what `curate` is given to the config of a run, all of it checked before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from labelworks.flows.notebook.inputs.columns import frame
from labelworks.flows.notebook.inputs.frames import VECTOR, with_vectors, written
from labelworks.flows.preflight import check_config
from labelworks.infra.secrets import storage_secrets
from labelworks.schemas.config.files import IMAGE_FOLDER
from labelworks.schemas.config.load import absolute, load_config
from labelworks.schemas.config.messages import Places, explain
from labelworks.schemas.config.run import RunConfig, StoreConfig
from labelworks.schemas.errors import ConfigError, InputError, LabelworksError
from labelworks.tasks.sources.files import listing

FRAME = "frame"
CALL = "curate"
YAML = (".yaml", ".yml")


def is_config(data: Any) -> bool:
    """Whether it is a config, and neither a table nor where data are."""
    if isinstance(data, str | Path):
        return str(data).lower().endswith(YAML)
    return isinstance(data, RunConfig) or (isinstance(data, dict) and isinstance(data.get("dataset"), dict))


def given_config(config: Any, beside: dict[str, Any]) -> RunConfig:
    """The config of a file, of a dictionary, or as it is, checked.

    beside: what else was given, None where nothing was. Raises ConfigError where something was: two would say
    what holds.
    """
    named = [key for key, value in beside.items() if value is not None]
    if named:
        raise ConfigError(
            f"a config is given, and {', '.join(named)} beside it",
            where=CALL,
            fix="say it in the config, or give the data itself",
        )
    if isinstance(config, RunConfig):
        check_config(config)
        return config
    return load_config(config, check=check_config) if isinstance(config, str | Path) else _checked(config)


def config_of(
    data: Any,
    features: dict[str, Any],
    dataset: dict[str, Any],
    store: str | Path | None,
    sections: dict[str, Any],
) -> RunConfig:
    """The config of a run on a table, or on files.

    features: by kind; dataset: its other keys, a target among them; each None where it is not given.
    sections: of the config. Tables are written beside the store, once all else is checked. Raises
    ConfigError, InputError, StoreError.
    """
    if not any(feature is not None for feature in features.values()) and _holds_images(data, sections):
        features, dataset = {**features, **IMAGE_FOLDER["features"]}, _with(dataset, "label", "id")
    windows = {"source": data, "target": dataset["target"]}
    tables = {key: window for key, window in windows.items() if not isinstance(window, str | Path | None)}
    beside = features["vector"] if _is_array(features["vector"]) else None
    if beside is not None and "source" not in tables:
        raise ConfigError(
            "vectors go with a table", where=f"{CALL}(vector=…)", fix="name a column of the files"
        )
    kinds = _kinds(features)
    named = {key: value for key, value in dataset.items() if value is not None}
    if "source" in tables:
        named.setdefault("name", FRAME)
        _has_columns(
            data, named, {kind: of for kind, of in kinds.items() if kind != "vector" or beside is None}
        )
    where = {key: _address(window) for key, window in windows.items() if window is not None}
    whole = {**sections.get("dataset", {}), **named, "features": kinds, **where}
    config = _checked({**sections, "dataset": whole, "store": _store(store, sections.get("store"))})
    if beside is not None:
        tables["source"] = with_vectors(data, beside)
    secrets = storage_secrets(config.store) if tables else {}
    places = {
        key: written(table, config.store, secrets, config.dataset.name) for key, table in tables.items()
    }
    return config.model_copy(update={"dataset": config.dataset.model_copy(update=places)})


def _holds_images(data: Any, sections: dict[str, Any]) -> bool:
    """Whether data are files of images: their columns have names that nobody has to say."""
    if not isinstance(data, str | Path):
        return False
    options = sections.get("dataset", {}).get("storage_options", {})
    try:
        files = listing(absolute(str(data)), "auto", options, hashed=False).files
    except LabelworksError:  # who reads it says so
        return False
    return {file.format for file in files} == {"images"}


def _with(given: dict[str, Any], *keys: str) -> dict[str, Any]:
    """What is given, and of those keys that are not, what they are of a folder of images."""
    return {**given, **{key: IMAGE_FOLDER[key] for key in keys if given.get(key) is None}}


def _checked(raw: dict[str, Any]) -> RunConfig:
    try:
        config = RunConfig.model_validate(raw)
    except ValidationError as error:
        raise explain(error, raw, Places(CALL)) from error
    check_config(config)
    return config


def _store(store: str | Path | None, section: Any) -> dict[str, Any]:
    known = dict(section or {})
    root = store if store is not None else known.get("root", StoreConfig().root)
    return {**known, "root": absolute(str(root))}


def _kinds(features: dict[str, Any]) -> dict[str, Any]:
    """The section of the features; ConfigError where there are none."""
    given = {kind: feature for kind, feature in features.items() if feature is not None}
    if not given:
        raise ConfigError(
            "features are named by nothing",
            where=CALL,
            fix="name text=, image=, vector= (a column), columns=[…], or several of them",
        )
    return {kind: VECTOR if _is_array(value) and kind == "vector" else value for kind, value in given.items()}


def _is_array(vector: Any) -> bool:
    """Whether vectors come beside the table, and not as the name of a column."""
    return vector is not None and not isinstance(vector, str) and np.ndim(vector) > 0


def _has_columns(table: Any, dataset: dict[str, Any], kinds: dict[str, Any]) -> None:
    """Raise InputError where the table lacks a column that was named."""
    held = [str(name) for name in _names(table)]
    for key, value in {**{key: dataset.get(key) for key in ("label", "id", "time")}, **kinds}.items():
        for name in value if isinstance(value, list | tuple) else [value]:
            if name is not None and name not in held:
                raise InputError(
                    f"there is no column {name!r}, but {', '.join(map(repr, held))}",
                    where=f"{CALL}({key}=…)",
                    fix="name one of them",
                )


def _names(table: Any) -> list[Any]:
    if hasattr(table, "column_names"):
        return list(table.column_names)
    return list(table.columns if hasattr(table, "columns") else frame(table, "data").columns)


def _address(data: Any) -> str:
    """Where data are; of a table, which is written when all else is checked, a name for the time being."""
    return absolute(str(data)) if isinstance(data, str | Path) else FRAME
