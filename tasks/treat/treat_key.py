"""A name for what rows are treated by: runs that treat alike share treated parts."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.code_version import code_version
from labelworks.tasks.treat.treated import Basis


def treat_key(artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> str:
    """A hash of all that a treated part is made of, but for its partition and what people decided there.

    Of two hashes that differ though all is alike, a part is made twice; nothing else comes of it.
    """
    made_of = (
        replace(basis, source=None),
        ref.model_key,
        ref.encoder_key,
        ref.label_type,
        ref.classes,
        artifacts.index_keys.get("source", {}).get(ref.label_type, ""),
        artifacts.id if ref.inferred else "",  # labels are inferred by the run, and kept with it
        code_version(),
    )
    digest = hashlib.blake2b(digest_size=8)
    for piece in spelled(made_of):
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def spelled(value: Any) -> Iterator[bytes]:
    """A value in bytes, by content; of what can't be read by content, bytes that never come again."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if value is None or isinstance(value, bool | int | float | str | bytes | np.generic):
        yield f"{kind} {value!r}".encode()
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        yield f"{kind} {value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, pa.Table):
        yield f"{kind} {value.schema}".encode()
        yield from spelled([value.column(place).to_pylist() for place in range(value.num_columns)])
    elif isinstance(value, Mapping):
        yield from _several(kind, sorted(value.items(), key=repr))
    elif isinstance(value, tuple | list):
        yield from _several(kind, value)
    elif isinstance(value, set | frozenset):
        yield from _several(kind, sorted(value, key=repr))
    elif is_dataclass(value):
        yield from _several(kind, [(field.name, getattr(value, field.name)) for field in fields(value)])
    else:
        yield f"{kind} {uuid.uuid4().hex}".encode()


def _several(kind: str, values: tuple[Any, ...] | list[Any]) -> Iterator[bytes]:
    yield f"{kind} of {len(values)}".encode()
    for value in values:
        yield from spelled(value)
