"""Columns as features: which `features: auto` stands for, and whether they are more than numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.execution import progress
from labelworks.tasks.planning.values import source_of
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.files import SourceFile, SourceReader
from labelworks.tasks.sources.guess.names import words
from labelworks.tasks.sources.guess.tabular import COUNTERS
from labelworks.tasks.sources.values.columns import find_field

TABLE = "table"  # the encoder of columns of any kind
SHOWN = 12  # columns that are named


def settled(config: RunConfig, options: dict[str, Any], files: Sequence[SourceFile]) -> RunConfig:
    """The config with the columns that `features: auto` stands for, by the first file that can be read.

    Where the encoder is left open it is that of tables, unless the columns named are numbers alone. Says
    which columns are taken. Raises InputError where no column is left for the features.
    """
    features, encoder = config.dataset.features, config.encoder
    if "columns" not in features.kinds:
        return config
    left_open = encoder.of("columns").name == "auto"
    if not (features.auto or left_open):
        return config
    schema = _schema(config, options, files)
    if schema is None:  # whoever plans the files says why none can be read
        return config
    names = _taken(schema, config) if features.auto else features.names_of("columns")
    if left_open and (features.auto or not _of_numbers(schema, names)):
        encoder = encoder.with_table(TABLE, features)
    dataset = config.dataset.model_copy(update={"features": features.model_copy(update={"columns": names})})
    return config.model_copy(update={"dataset": dataset, "encoder": encoder})


def _schema(config: RunConfig, options: dict[str, Any], files: Sequence[SourceFile]) -> pa.Schema | None:
    source = source_of(config, options)
    for file in files:
        if not file.size:
            continue
        place = source.places["source"]
        try:
            return (
                SourceReader(place, file.path, file.format, options, file.name, source.read_as).look().schema
            )
        except InputError:
            continue
    return None


def _of_numbers(schema: pa.Schema, names: Sequence[str]) -> bool:
    """Whether the columns there are among those named are numbers and truths."""
    fields = [find_field(schema, name) for name in names]
    return all(fits(field.type, "columns") or types.is_null(field.type) for field in fields if field)


def _taken(schema: pa.Schema, config: RunConfig) -> tuple[str, ...]:
    """The columns that have no other role, each of single values, and that count no rows; says which."""
    used = _used(config)
    free = [
        name for name in schema.names if name not in used and not name.startswith("__") and not _counts(name)
    ]
    names = tuple(name for name in free if _single(schema, name))
    place = config.dataset.place("source")
    if not names:
        raise InputError(
            "no column is left for the features",
            where=place,
            fix=f"dataset.features: name them; columns: {', '.join(schema.names[:SHOWN])}",
        )
    left = [name for name in free if name not in names]
    nested = f"; left out, of no single values: {_listed(left)}" if left else ""
    progress.current().note(f"{place}: features are {len(names)} columns: {_listed(names)}{nested}")
    return names


def _single(schema: pa.Schema, name: str) -> bool:
    field = find_field(schema, name)
    return field is not None and fits(field.type, "table") and not types.is_null(field.type)


def _counts(name: str) -> bool:
    """Whether a column is named like a row's place in a file."""
    return not name or bool(set(words(name)) & set(COUNTERS))


def _used(config: RunConfig) -> set[str]:
    """Columns that have another role."""
    data, asked = config.dataset, config.detect.performance
    kind = data.label_kind["column"] if isinstance(data.label_kind, dict) else None
    roles = (data.label, data.id, data.time, data.split, data.pred_probs, data.pair, data.shares, data.bag)
    others = {*data.predictions, *data.features.names}
    return {*filter(None, (*roles, kind, asked.pred_probs, asked.predictions)), *others}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
