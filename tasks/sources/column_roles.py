"""Which columns a run needs, and whether a file's columns can play their roles."""

from __future__ import annotations

from difflib import get_close_matches

import pyarrow as pa
import pyarrow.types as types

from labelworks.schemas.arrow_types import is_number, is_text
from labelworks.schemas.errors import InputError
from labelworks.schemas.tables import published_schema
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.formats.base import WRITTEN, Kind, ReadAs, left_out_of
from labelworks.tasks.sources.formats.sniff import no_header
from labelworks.tasks.sources.values.columns import find_field, repeated
from labelworks.tasks.sources.values.joined import is_listed
from labelworks.tasks.sources.values.plain import plain_type
from labelworks.tasks.sources.values.text_spans import are_spans

NEEDED = {
    "text": "strings",
    "image": "image bytes (binary, or a struct with a field `bytes`)",
    "image_path": "paths of images (strings)",
    "columns": "numbers",
    "table": "texts, numbers, booleans or times",
    "audio": "bytes of recordings (binary, or a struct with a field `bytes`)",
    "vector": "lists of numbers",
    "label": "strings, whole numbers or booleans",
    "multilabel": "lists of strings or of whole numbers",
    "tokens": "lists of strings, or texts",
    "tags": "lists of strings or of whole numbers, or of spans (start, end, label)",
    "token_probs": "lists of a list of numbers a token",
    "observed": "strings, whole numbers or booleans, or lists of these",
    "shares": "lists of numbers",
    "kind": "strings",
    "bag": "strings, whole numbers or UUIDs",
    "regression": "numbers",
    "pred_probs": "lists of numbers",
    "pair": "lists of numbers",
    "id": "strings, whole numbers or UUIDs",
    "time": "times, dates, texts or numbers",
    "votes": "strings, whole numbers or booleans",
    "votes.item": "strings, whole numbers or UUIDs",
    "votes.annotator": "strings, whole numbers or UUIDs",
    "predictions": "strings, whole numbers or booleans",
    "dataset.split": "texts, numbers, booleans or times",
    "detect.groups": "texts, numbers, booleans or times",
    "detect.columns": "texts, numbers, booleans or times",
    "treat.weights": "texts, numbers, booleans or times",
}
DELIMITERS = {";": ";", "\t": "\\t", "|": "|"}
TASKS = ("multilabel", "regression")
ROLES = {
    "multilabel": "label",
    "regression": "label",
    "tags": "label",
    "tokens": "features.tokens",
    "token_probs": "pred_probs",
    "observed": "label",
    "table": "features.columns",
}  # of what roles are in the config
PUBLISHED = published_schema(pa.string()).names


def problem(schema: pa.Schema, where: str, columns: Columns, window: str) -> InputError | None:
    """What makes a file unusable: a column that is missing or of the wrong type; None if it is fine."""
    for column, role in _roles(columns, window):
        field = find_field(schema, column)
        if field is None and role == "id" and window == "target":
            continue  # such rows are named by file and row
        if field is None:
            return missing(schema, where, column, role)
        kind = field.type
        if role == "time" and column in PUBLISHED:
            return InputError(
                f"column {column!r} can't be carried through: published rows have one of that name",
                where=where,
                fix="rename the column, or leave dataset.time out",
            )
        if repeated(schema, column):
            return twice(where, column, role)
        if not fits(kind, role):
            return unfit(where, column, kind, role)
        if role == "time" and columns.time_window and is_number(kind):
            return InputError(
                f"column {column!r} is {kind}, and a window needs times",
                where=where,
                fix="name a column of timestamps, dates or ISO 8601 text, or {window} in dataset.source",
            )
    return None


def unfit(where: str, column: str, kind: pa.DataType, role: str) -> InputError:
    """What is said of a column whose type can't play its role."""
    label = ROLES.get(role, role) == "label"
    task = next((task for task in TASKS if label and fits(kind, task)), None)
    other = f"set dataset.task: {task}, " if task and task != role else ""
    if task == "multilabel" and is_number(getattr(kind, "value_type", kind)):
        other = f"of one-hot rows give the places of the ones, as argmax does; else {other}"
    if role == "image" and fits(kind, "image_path"):
        other = "are they paths? name the folder they are below as dataset.image_root; or else "
    if is_text(kind) and NEEDED[role].startswith("lists"):
        other = "are these lists, written as text in a CSV? write them as parquet or JSON Lines; or else "
    if types.is_struct(kind) and kind.num_fields:
        other += f"name a field of it, such as {column}.{kind.field(0).name}, "
    return InputError(
        f"column {column!r} is {kind}, but {ROLES.get(role, role)} needs {NEEDED[role]}",
        where=where,
        fix=f"{other}name another column in the config, or convert this one",
    )


def twice(where: str, column: str, role: str) -> InputError:
    """What is said of a name that several columns have."""
    return InputError(
        f"there are several columns {column!r} (for {ROLES.get(role, role)})",
        where=where,
        fix="rename all but one of them",
    )


def read_as(columns: Columns, delimiter: str, encoding: str) -> ReadAs:
    """How the files of a dataset are read where they have no types of their own."""
    label: Kind = "number" if columns.task == "regression" else "label"
    several: Kind = "number" if columns.of_numbers else "cell"
    kinds: dict[str, Kind] = dict.fromkeys(
        (*columns.tabular, *columns.rule_values, *columns.weighed), "value"
    )
    kinds |= dict.fromkeys(columns.rule_texts, "string")
    kinds |= dict.fromkeys(
        [*columns.groups, *columns.answers, *([columns.split] if columns.split else [])], "string"
    )
    roles: list[tuple[str | None, Kind]] = [
        (columns.time, "value"),
        (columns.label, label),
        *(
            (name, several if part.kind == "columns" else "string")
            for part in columns.by_kind
            for name in part.names
        ),
        (columns.id, "string"),
        *((name, "string") for of in [columns.observed] if of for name in (of.column, of.bag)),
    ]
    kinds |= {column: kind for column, kind in roles if column}
    texts = [name for part in columns.by_kind if part.kind != "columns" for name in part.names]
    judged = tuple(filter(None, (columns.id, columns.label, *texts, columns.time)))
    images = () if columns.image_root is not None else columns.by_kind
    pictures = tuple(name for part in images if part.kind == "image" for name in part.names)
    return ReadAs(kinds, judged, delimiter, encoding, pictures=pictures)


def fits(kind: pa.DataType, role: str) -> bool:
    """Whether a column of that Arrow type can play the role, one of NEEDED."""
    kind = plain_type(kind)
    text = is_text(kind)
    number = is_number(kind)
    if role == "text":
        return text or types.is_null(kind)
    if role in ("other", "dataset.rules"):
        return True
    if role in ("image", "audio"):
        held = (
            kind.field("bytes").type if types.is_struct(kind) and kind.get_field_index("bytes") >= 0 else kind
        )
        return bool(types.is_binary(held) or types.is_large_binary(held))
    if role in ("vector", "pred_probs", "pair", "shares"):
        return is_listed(kind) and fits(kind.value_type, "regression")
    if role == "tokens":
        listed = is_listed(kind) and (is_text(kind.value_type) or bool(types.is_null(kind.value_type)))
        return text or listed
    if role == "token_probs":
        return is_listed(kind) and fits(kind.value_type, "pred_probs")
    if role == "tags" and are_spans(kind):
        return True
    if role in ("multilabel", "tags"):
        return types.is_null(kind) or (is_listed(kind) and fits(kind.value_type, "label"))
    if role == "observed":
        return fits(kind, "label") or fits(kind, "multilabel")
    if role in ("image_path", "kind"):
        return text or types.is_null(kind)
    if role == "columns":
        return number or bool(types.is_boolean(kind))
    if role == "regression":
        return number or types.is_null(kind)
    if role in ("label", "votes", "predictions"):
        return text or number or bool(types.is_boolean(kind) or types.is_null(kind))
    if role in ("dataset.split", "detect.groups", "detect.columns", "treat.weights", "table"):
        plain = number or types.is_boolean(kind) or types.is_null(kind)
        return text or plain or bool(types.is_temporal(kind) and not types.is_interval(kind))
    if role == "time":
        return text or number or bool(types.is_temporal(kind) and not _is_span(kind)) or types.is_null(kind)
    return text or number  # of floats whole ones, by their values


def label_family(kind: pa.DataType, task: str = "classification") -> str:
    """How labels of that Arrow type are kept, one of LABEL_TYPES; `null` where the column is empty."""
    kind = plain_type(kind)
    if task != "classification" and not types.is_null(kind):
        return {"multilabel": "list", "tokens": "tags"}.get(task, "number")
    return "null" if types.is_null(kind) else "int" if is_number(kind) else "string"


def unlike(schema: pa.Schema, columns: Columns, label_type: str) -> str | None:
    """Why the labels of a file don't go with the others, which are of this type; None if they do."""
    field = find_field(schema, columns.label)
    family = "null" if field is None else label_family(field.type, columns.task)
    if field is None or family in ("null", label_type) or as_written(field) or columns.observed:
        return None
    if columns.mapping is not None and columns.mapping.named and label_type == "string":
        return None  # of numbers and of names alike one can become another
    return f"mixed schemas: labels are {family} here and {label_type} elsewhere"


def as_written(field: pa.Field) -> bool:
    """Whether the values of a column are read as the strings that stand in the file."""
    return WRITTEN in (field.metadata or {})


def _is_span(kind: pa.DataType) -> bool:
    """Whether a type is of times of day, or of how long something takes."""
    return bool(types.is_time(kind) or types.is_duration(kind) or types.is_interval(kind))


def _roles(columns: Columns, window: str) -> list[tuple[str, str]]:
    roles = [(name, _feature_role(columns, part.kind)) for part in columns.by_kind for name in part.names]
    if columns.id is not None:
        roles.append((columns.id, "id"))
    if window == "source":
        if columns.label:
            roles.append((columns.label, _label_role(columns)))
        if columns.observed is not None:
            said = columns.observed
            named = ((said.column, "kind"), (said.shares, "shares"), (said.bag, "bag"))
            roles += [(name, role) for name, role in named if name]
        if columns.pred_probs is not None:
            roles.append((columns.pred_probs, "token_probs" if columns.task == "tokens" else "pred_probs"))
        if columns.pair is not None:
            roles.append((columns.pair, "pair"))
        if columns.time is not None:
            roles.append((columns.time, "time"))
        roles += [(name, "dataset.rules") for name in (*columns.rule_texts, *columns.rule_values)]
    return roles


def _feature_role(columns: Columns, kind: str) -> str:
    if kind == "image" and columns.image_root is not None:
        return "image_path"
    return "table" if kind == "columns" and not columns.of_numbers else kind


def _label_role(columns: Columns) -> str:
    if columns.observed is not None:
        return "observed"
    return {"classification": "label", "tokens": "tags"}.get(columns.task, columns.task)


def lacking(schema: pa.Schema, where: str, columns: Columns, window: str) -> InputError | None:
    """What is said of a file whose columns can't be looked at, or lack one; those of a target may."""
    asked = [*((group, "detect.groups") for group in columns.groups)]
    asked += [(columns.split, "dataset.split")] if columns.split and window == "source" else []
    asked += [(name, "detect.columns") for name in columns.tabular]
    asked += [(name, "predictions") for name in columns.answers]
    asked += [(columns.model_probs, "pred_probs")] if columns.model_probs else []
    asked += [(name, "treat.weights") for name in columns.weighed]
    for column, role in asked:
        field = find_field(schema, column)
        if field is None and window == "source":
            return missing(schema, where, column, role)
        if field is not None and repeated(schema, column):
            return twice(where, column, role)
        if field is not None and not fits(field.type, role):
            return unfit(where, column, field.type, role)
    return None


def missing(schema: pa.Schema, where: str, column: str, role: str) -> InputError:
    """What is said of a column that isn't there, or that the file's format can't give."""
    if lost := left_out_of(schema).get(column):
        why, _, fix = lost.partition(": ")
        return InputError(f"{column!r} (for {role}) {why}", where=where, fix=fix)
    close = get_close_matches(column, schema.names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    if other := _delimiter(schema):
        hint = f'is it CSV with another delimiter? set dataset.csv: {{delimiter: "{other}"}}; '
    if schema.names and no_header(schema.names[0]):
        hint = "its first line names no columns: remove it; "
    return InputError(
        f"there is no column {column!r} (for {role})",
        where=where,
        fix=f"{hint}columns: {', '.join(schema.names)}",
    )


def _delimiter(schema: pa.Schema) -> str | None:
    """What seems to separate the columns of a file that was taken for one of a single column."""
    names = schema.names if len(schema.names) == 1 else [""]
    return next((shown for mark, shown in DELIMITERS.items() if mark in names[0]), None)
