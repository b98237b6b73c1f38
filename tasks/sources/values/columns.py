"""Columns as a config names them: dotted names of nested fields, names of classes, values from folders."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from labelworks.tasks.sources.values.plain import plain, plain_type

UNUSABLE = "__unusable__"  # a column of reasons (string, null: fine) that a format may add to its batches
NAMED = "__file__"  # a column of the names of the files that rows are from
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
LISTS = ("List", "LargeList", "Sequence")


def folder_values(name: str) -> dict[str, str | None]:
    """Columns that the folders of a file's name give (`label=cat/part-0.parquet`), always strings."""
    pairs = (part.partition("=") for part in PurePosixPath(name).parts[:-1] if "=" in part)
    return {unquote(key): None if value == NO_VALUE else unquote(value) for key, _, value in pairs if key}


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema as the rest knows its types."""
    fields = [field.with_type(plain_type(field.type)) for field in schema]
    return pa.schema(fields, schema.metadata)


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
    field: pa.Field = schema.field(schema.names.index(path[0]))
    for part in path[1:]:
        field = field.type.field(part)
    if not class_names(schema, path):
        return field
    listed = plain_type(field.type)
    return field.with_type(pa.list_(pa.string()) if hasattr(listed, "value_type") else pa.string())


def repeated(schema: pa.Schema, name: str) -> bool:
    """Whether a name could be any of several columns of a file."""
    path = _path(schema, name)
    return path is not None and schema.names.count(path[0]) > 1


def roots(schema: pa.Schema, columns: list[str]) -> list[str]:
    """Top-level columns of a file that the columns asked for are in, in the file's order."""
    paths = (_path(schema, name) for name in columns)
    wanted = {path[0] for path in paths if path}
    return [name for name in schema.names if name in wanted]


def class_names(schema: pa.Schema, path: tuple[str, ...]) -> list[str]:
    """Names of the classes of a `ClassLabel`, or of lists of them, that Hugging Face `datasets` wrote."""
    described = (schema.metadata or {}).get(b"huggingface")
    if not described:
        return []
    feature = _features(described)
    for part in path:
        feature = feature.get(part) if isinstance(feature, dict) else None
    feature = _of_each(feature)
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return []
    return list(map(str, feature.get("names") or []))


def _features(described: bytes) -> Any:
    """What `datasets` says of the columns; nothing where somebody else wrote that."""
    try:
        return json.loads(described)["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}


def _of_each(feature: Any) -> Any:
    """What a feature of lists says of each entry: List, LargeList, Sequence, or a list of one feature."""
    if isinstance(feature, list) and len(feature) == 1:
        return feature[0]
    if isinstance(feature, dict) and feature.get("_type") in LISTS:
        return feature.get("feature")
    return feature


def as_asked(
    batch: pa.RecordBatch, columns: list[str] | None, folders: dict[str, str | None]
) -> pa.RecordBatch:
    """A batch with the columns asked for that there are (None: all), under the names asked for."""
    if columns is None:
        columns = [name for name in with_folders(batch.schema, folders).names if name != UNUSABLE]
    arrays = {name: array for name in columns if (array := _column(batch, name, folders)) is not None}
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


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
    array = plain(array)
    names = class_names(batch.schema, path)
    return _named(array, names) if names else array


def _named(codes: pa.Array, names: list[str]) -> pa.Array:
    """The names of classes, or of the classes in lists; null for a code that has none."""
    if types.is_nested(codes.type):
        offsets = np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(codes), 0).to_numpy())])
        inner = _named(codes.flatten(), names)
        mask = pc.is_null(codes)
        return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), inner, mask=mask)
    if types.is_string(codes.type) or types.is_null(codes.type):
        return codes
    known = pc.and_(pc.greater_equal(codes, 0), pc.less(codes, len(names)))
    return pa.array(names, pa.string()).take(pc.if_else(known, codes, pa.scalar(None, codes.type)))


def _path(schema: pa.Schema, name: str) -> tuple[str, ...] | None:
    """Where a name leads, from the top: the column of that very name, or a field within one."""
    if name in schema.names:
        return (name,)
    root, dot, rest = name.partition(".")
    if not dot or root not in schema.names:
        return None
    path, kind = [root], schema.types[schema.names.index(root)]
    for part in rest.split("."):
        if not types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        path.append(part)
        kind = kind.field(part).type
    return tuple(path)
