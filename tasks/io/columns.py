"""Which columns a run needs, and whether a file's columns can play their roles."""

from __future__ import annotations

from difflib import get_close_matches

import pyarrow as pa
import pyarrow.types as types

from schemas.config import DetectConfig
from schemas.dataset import DatasetConfig
from schemas.errors import InputError
from schemas.tables import published_schema
from tasks.io.formats.columns import find_field
from tasks.methods.encoders.standardize import is_number

NEEDED = {
    "text": "strings",
    "image": "image bytes (binary, or a struct with a field `bytes`)",
    "image_path": "paths of images (strings)",
    "columns": "numbers",
    "audio": "bytes of recordings (binary, or a struct with a field `bytes`)",
    "vector": "lists of numbers",
    "label": "strings, integers or booleans",
    "multilabel": "lists of strings or integers",
    "regression": "numbers",
    "pred_probs": "lists of numbers",
    "pair": "lists of numbers",
    "id": "strings or integers",
    "time": "any type",
}
TASKS = ("multilabel", "regression")
ROLES = {"multilabel": "label", "regression": "label"}  # of what roles are in the config
PUBLISHED = published_schema(pa.string()).names


def problem(schema: pa.Schema, where: str, data: DatasetConfig, window: str) -> InputError | None:
    """What makes a file unusable: a column that is missing or of the wrong type; None if it is fine."""
    for column, role in _roles(data, window):
        field = find_field(schema, column)
        if field is None:
            return missing(schema, where, column, role)
        kind = field.type
        if role == "time" and column in PUBLISHED:
            return InputError(
                f"column {column!r} can't be carried through: published rows have one of that name",
                where=where,
                fix="rename the column, or leave dataset.time out",
            )
        if not fits(kind, role):
            task = next((task for task in TASKS if role in ("label", *ROLES) and fits(kind, task)), None)
            other = f"set dataset.task: {task}, " if task and task != role else ""
            if role == "image" and fits(kind, "image_path"):
                other = "are they paths? name the folder they are below as dataset.image_root; or else "
            return InputError(
                f"column {column!r} is {kind}, but {ROLES.get(role, role)} needs {NEEDED[role]}",
                where=where,
                fix=f"{other}name another column in the config, or convert this one",
            )
    return None


def fits(kind: pa.DataType, role: str) -> bool:
    """Whether a column of that Arrow type can play the role, one of NEEDED."""
    kind = _plain(kind)
    text = bool(types.is_string(kind) or types.is_large_string(kind))
    if role == "text":
        return text or types.is_null(kind)
    if role == "other":
        return True
    if role in ("image", "audio"):
        held = (
            kind.field("bytes").type if types.is_struct(kind) and kind.get_field_index("bytes") >= 0 else kind
        )
        return bool(types.is_binary(held) or types.is_large_binary(held))
    if role in ("vector", "pred_probs", "pair"):
        return _listed(kind) and fits(kind.value_type, "regression")
    if role == "multilabel":
        return _listed(kind) and bool(fits(kind.value_type, "label"))
    if role == "image_path":
        return text
    if role == "columns":
        return is_number(kind) or bool(types.is_boolean(kind))
    if role == "regression":
        return bool(types.is_floating(kind) or types.is_integer(kind))
    if role == "label":
        return text or bool(types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind))
    return role == "time" or text or bool(types.is_integer(kind))


def label_family(kind: pa.DataType, task: str = "classification") -> str:
    """How labels of that Arrow type are kept, one of LABEL_TYPES; `null` where the column is empty."""
    kind = _plain(kind)
    if task != "classification" and not types.is_null(kind):
        return "list" if task == "multilabel" else "number"
    return "null" if types.is_null(kind) else "int" if types.is_integer(kind) else "string"


def unlike(schema: pa.Schema, data: DatasetConfig, label_type: str) -> str | None:
    """Why the labels of a file don't go with the others, which are of this type; None if they do."""
    field = find_field(schema, data.label)
    family = "null" if field is None else label_family(field.type, data.task)
    if family in ("null", label_type):
        return None
    return f"mixed schemas: labels are {family} here and {label_type} elsewhere"


def _listed(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if types.is_dictionary(kind) else kind


def _roles(data: DatasetConfig, window: str) -> list[tuple[str, str]]:
    kind = "image_path" if data.image_root is not None else str(data.features.kind)
    roles = [(name, kind) for name in data.features.names]
    if data.id is not None:
        roles.append((data.id, "id"))
    if window == "source":
        if data.label:
            roles.append((data.label, "label" if data.task == "classification" else data.task))
        if data.pred_probs is not None:
            roles.append((data.pred_probs, "pred_probs"))
        if data.pair is not None:
            roles.append((data.pair, "pair"))
        if data.time is not None:
            roles.append((data.time, "time"))
    return roles


def lacking(schema: pa.Schema, where: str, detect: DetectConfig, window: str) -> InputError | None:
    """What is said of a file of the source without a column that is looked at; a target may lack it."""
    asked = [*((each, "detect.groups") for each in detect.groups)]
    asked += [(each, "detect.columns") for each in detect.columns]
    lost = [pair for pair in asked if window == "source" and find_field(schema, pair[0]) is None]
    return missing(schema, where, *lost[0]) if lost else None


def missing(schema: pa.Schema, where: str, column: str, role: str) -> InputError:
    """What is said of a column that isn't there."""
    close = get_close_matches(column, schema.names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return InputError(
        f"there is no column {column!r} (for {role})",
        where=where,
        fix=f"{hint}columns: {', '.join(schema.names)}",
    )
