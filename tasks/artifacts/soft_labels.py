"""P(true label) of rows as their scores keep it: of every class, or of the likeliest where there are many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.artifacts.cells import dense_lists

SOFT_CLASSES = 256  # of more classes only the likeliest are kept: all would be larger than the embeddings
LIKELIEST = 20  # classes that are kept of so many, the given one among them
LEFT_OUT = ("likeliest", "likeliest_probability")  # columns that an older version left out


def soft_columns(posterior: NDArray[np.float32] | None, given: NDArray[np.integer]) -> dict[str, pa.Array]:
    """The columns of scores that keep posteriors (N, K) of rows with given labels (N,)."""
    rows = len(given)
    nothing = {
        "posterior": pa.nulls(rows, pa.list_(pa.float32())),
        "likeliest": pa.nulls(rows, pa.list_(pa.int32())),
        "likeliest_probability": pa.nulls(rows, pa.list_(pa.float32())),
    }
    if posterior is None:
        return nothing
    if posterior.shape[1] <= SOFT_CLASSES:
        return nothing | {"posterior": dense_lists(posterior)}
    codes, shares = likeliest(posterior, given)
    return nothing | {
        "likeliest": dense_lists(codes, pa.int32()),
        "likeliest_probability": dense_lists(shares),
    }


def likeliest(
    posterior: NDArray[np.float32], given: NDArray[np.integer], most: int = LIKELIEST
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Of posteriors (N, K) the given class and the likeliest others, the likeliest first, with theirs."""
    places = np.arange(len(given))
    first = posterior.copy()
    first[places, given] = np.inf
    codes = np.argpartition(first, -most, axis=1)[:, -most:].astype(np.int32)
    shares = np.take_along_axis(posterior, codes, axis=1)
    order = np.argsort(-shares, axis=1, kind="stable")
    return np.take_along_axis(codes, order, axis=1), np.take_along_axis(shares, order, axis=1)


def heard_again(
    codes: NDArray[np.int32],
    shares: NDArray[np.float32],
    given: NDArray[np.integer],
    error: NDArray[np.floating],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shares (N, most) with P(true = given) of 1 - error, for copies were heard, and of the rest (N,)."""
    of_given = codes == given[:, None]
    rest = np.maximum(1.0 - shares.sum(axis=1, dtype=np.float64), 0.0)
    others = np.where(of_given, 0.0, shares)
    whole = np.maximum(others.sum(axis=1) + rest, 1e-30)
    scale = error / whole
    heard = np.where(of_given, 1.0 - error[:, None], others * scale[:, None])
    return heard.astype(np.float32), (rest * scale).astype(np.float32)


def spread(codes: list[int], shares: list[float], classes: int) -> NDArray[np.float64]:
    """The posterior (K,) of one row's likeliest classes, what is left of it even over the others."""
    left = max(0.0, 1.0 - sum(shares)) / max(1, classes - len(codes))
    posterior = np.full(classes, left)
    posterior[codes] = shares
    return posterior


@dataclass(frozen=True, eq=False)
class Likeliest:
    """Of rows (N,) lists of the likeliest classes (codes) and of their shares, and what the rest has (N,)."""

    codes: pa.ListArray
    shares: pa.ListArray
    rest: NDArray[np.float32]


def likeliest_columns(scores: pa.Table, classes: int) -> Likeliest | None:
    """Those of scores, as sure of the given label as their error probability; None: all classes are kept."""
    if classes <= SOFT_CLASSES or LEFT_OUT[0] not in scores.column_names:
        return None
    lists = scores["likeliest"].combine_chunks()
    if lists.null_count:  # of a method that tells no class
        return None
    shape = (len(lists), LIKELIEST)
    codes = lists.flatten().to_numpy().reshape(shape)
    shares = scores["likeliest_probability"].combine_chunks().flatten().to_numpy().reshape(shape)
    given, error = scores["given"].to_numpy(), scores["error_probability"].to_numpy()
    heard, rest = heard_again(codes, shares, given, error)
    return Likeliest(dense_lists(codes, pa.int32()), dense_lists(heard), rest)
