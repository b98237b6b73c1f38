"""Columns as a config names them: dotted names of nested fields, names of classes, values from folders."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from tasks.io.formats.base import UNUSABLE

NAMED = "__file__"  # a column of the names of the files that rows are from
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def folder_values(name: str) -> dict[str, str | None]:
    """Columns that the folders of a file's name give (`label=cat/part-0.parquet`), always strings."""
    pairs = (part.partition("=") for part in PurePosixPath(name).parts[:-1] if "=" in part)
    return {unquote(key): None if value == NO_VALUE else unquote(value) for key, _, value in pairs if key}


def with_folders(schema: pa.Schema, folders: dict[str, str | None]) -> pa.Schema:
    """The schema and the folders' columns; a file's own column of the same name is kept."""
    for name in folders:
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.string()))
    return schema


def find_field(schema: pa.Schema, name: str) -> pa.Field | None:
    """The field of a name, which may lead into nested fields by dots; one that names classes is a string."""
    path = _path(schema, name)
    if path is None:
        return None
    field: pa.Field = schema.field(path[0])
    for part in path[1:]:
        field = field.type.field(part)
    return field.with_type(pa.string()) if class_names(schema, path) else field


def roots(schema: pa.Schema, columns: list[str]) -> list[str]:
    """Top-level columns of a file that the columns asked for are in, in the file's order."""
    paths = (_path(schema, name) for name in columns)
    wanted = {path[0] for path in paths if path}
    return [name for name in schema.names if name in wanted]


def class_names(schema: pa.Schema, path: tuple[str, ...]) -> list[str]:
    """Names of the classes of a `ClassLabel` that Hugging Face `datasets` wrote; empty for other columns."""
    described = (schema.metadata or {}).get(b"huggingface")
    if not described:
        return []
    feature: Any = json.loads(described).get("info", {}).get("features", {})
    for part in path:
        feature = feature.get(part) if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return []
    return list(feature.get("names") or [])


def as_asked(
    batch: pa.RecordBatch, columns: list[str] | None, folders: dict[str, str | None]
) -> pa.RecordBatch:
    """A batch with the columns asked for that there are (None: all), under the names asked for."""
    if columns is None:
        columns = [name for name in with_folders(batch.schema, folders).names if name != UNUSABLE]
    found = {name: array for name in columns if (array := _column(batch, name, folders)) is not None}
    return pa.RecordBatch.from_arrays(list(found.values()), names=list(found))


def _column(batch: pa.RecordBatch, name: str, folders: dict[str, str | None]) -> pa.Array | None:
    path = _path(batch.schema, name)
    if path is None:
        if name == UNUSABLE:
            return pa.nulls(batch.num_rows, pa.string())
        if name not in folders:
            return None
        return pa.array([folders[name]] * batch.num_rows, pa.string())
    array = batch.column(batch.schema.names.index(path[0]))
    if len(path) > 1:
        array = pc.struct_field(array, list(path[1:]))
    if names := class_names(batch.schema, path):
        known = pc.and_(pc.greater_equal(array, 0), pc.less(array, len(names)))
        return pa.array(names, pa.string()).take(pc.if_else(known, array, pa.scalar(None, array.type)))
    return array.dictionary_decode() if types.is_dictionary(array.type) else array


def _path(schema: pa.Schema, name: str) -> tuple[str, ...] | None:
    """Where a name leads, from the top: the column of that very name, or a field within one."""
    if name in schema.names:
        return (name,)
    root, dot, rest = name.partition(".")
    if not dot or root not in schema.names:
        return None
    path, kind = [root], schema.field(root).type
    for part in rest.split("."):
        if not types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        path.append(part)
        kind = kind.field(part).type
    return tuple(path)
