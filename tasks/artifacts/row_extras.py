"""What a dataset says of its rows beside their labels: probabilities by class, vectors; kept as raw bytes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.encoders.token_vectors import raw_lists
from labelworks.tasks.methods.probabilities import unusable

EXTRAS = (
    "pred_probs",
    "pair",
    "votes",
    "observed",
)  # each in an object beside the index, a row for each of its rows


def made_with_probabilities(method: str) -> bool:
    """Whether labels are made of votes and of the user's own probabilities together, by that method."""
    return "pred_probs" in registry.get("crowd", method).needs


def packed(values: NDArray[np.float32]) -> pa.Array:
    """Rows (N, K) as raw bytes: as Arrow's lists they are read at an eighth of the speed."""
    width = values.shape[1] * 4
    raw = pa.py_buffer(np.ascontiguousarray(values, dtype=np.float32))
    return pa.Array.from_buffers(pa.binary(width), len(values), [None, raw])


def unpacked(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """The rows (N, K) of such a column, none of which is null."""
    width = column.type.byte_width // 4
    parts = [
        np.frombuffer(chunk.buffers()[1], np.float32)[chunk.offset * width :][: len(chunk) * width]
        for chunk in column.chunks
    ]
    flat = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return flat.reshape(-1, width)


def read_pred_probs(
    column: pa.Array, classes: int, *, one_class: bool = True, name: str = "pred_probs"
) -> tuple[NDArray[np.float32], pa.Array]:
    """Probabilities (N, K) of a column of lists, zeros where they are unusable, and the reasons why (N,).

    one_class: of classes of which a row has one, so they sum to 1; else each is between 0 and 1. name: what
    the reasons call them.
    """
    lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
    right = np.flatnonzero(lengths == classes)
    flat = column.take(pa.array(right)).flatten().cast(pa.float32(), safe=False)
    probs = np.zeros((len(column), classes), np.float32)
    probs[right] = flat.to_numpy(zero_copy_only=False).reshape(-1, classes)
    far, total = unusable(probs)
    if not one_class:
        far = np.asarray(~((probs >= 0) & (probs <= 1)).all(axis=1))
    negative = np.asarray((probs < 0).any(axis=1))
    reasons: list[str | None] = [None] * len(column)
    for row in np.flatnonzero(far | negative | (lengths != classes)).tolist():
        said = f"{name} sums to {total[row]:.4g}, not 1" if one_class else f"{name} is not within 0 and 1"
        said = said if np.isfinite(probs[row]).all() else f"{name} has NaN or inf"
        reasons[row] = _reason(name, int(lengths[row]), classes, bool(negative[row])) or said
    probs[far | negative] = 0
    return probs, pa.array(reasons, pa.string())


def read_token_probs(column: pa.Array, tokens: pa.Array, classes: int) -> tuple[pa.Array, pa.Array]:
    """Probabilities of a column of lists of lists (S,) as raw bytes, a row of `classes` a token, and the
    reasons (S,) why they can't be used. tokens (S,): how many there are."""
    by_token = column.flatten()
    probs, wrong = read_pred_probs(by_token, classes)
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    row = np.repeat(np.arange(len(column)), lengths)
    reasons = np.full(len(column), None, object)
    bad = np.flatnonzero(np.asarray(wrong.is_valid()))
    reasons[row[bad][::-1]] = wrong.take(pa.array(bad[::-1])).to_pylist()
    wanted = pc.fill_null(tokens, 0).to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(lengths != wanted):
        reasons[place] = f"pred_probs of {lengths[place]} tokens, there are {wanted[place]} tags"
    reasons[np.asarray(column.is_null())] = "null pred_probs"
    return raw_lists(probs, lengths), pa.array(reasons, pa.string())


def read_pairs(column: pa.Array) -> pa.Array:
    """Vectors (N,) of a column of lists as raw bytes, as long as each is; null where not finite or null."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    with np.errstate(over="ignore"):
        flat = column.flatten().cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False)
    there = np.asarray(pc.is_valid(column))
    there[np.repeat(np.arange(len(column)), lengths)[~np.isfinite(flat)]] = False
    offsets = np.concatenate([[0], np.cumsum(lengths * 4)])
    valid = pa.array(there).buffers()[1]
    raw = [valid, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(flat))]
    return pa.Array.from_buffers(pa.large_binary(), len(column), raw)


def pair_vectors(column: pa.ChunkedArray, dim: int) -> NDArray[np.float32]:
    """The vectors (N, D) of such a column, NaN where there is none, or one of another length."""
    pairs = np.full((len(column), dim), np.nan, np.float32)
    right = pc.fill_null(pc.equal(pc.binary_length(column), dim * 4), False)
    held = column.filter(right).cast(pa.binary(dim * 4))
    if len(held):
        pairs[right.to_numpy()] = unpacked(held)
    return pairs


def _reason(name: str, length: int, classes: int, negative: bool) -> str | None:
    if length == -1:
        return f"null {name}"
    if length != classes:
        return f"{name} of length {length}, there are {classes} classes"
    return f"{name} is negative" if negative else None
