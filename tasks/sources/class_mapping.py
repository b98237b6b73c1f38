"""What the classes of a dataset become when its labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types
from numpy.typing import NDArray

ASIDE = "class is put aside by dataset.class_mapping"


@dataclass(frozen=True)
class ClassMapping:
    """New names of classes, by the old ones as text; None: rows of the class are put aside.

    whole: each of the old names has to occur; not where what is read is one of several windows.
    """

    names: Mapping[str, str | int | None]
    whole: bool = True

    @property
    def named(self) -> bool:
        """Whether a class gets a name that is text: then all labels are strings."""
        return any(isinstance(name, str) for name in self.names.values())

    def undone(self) -> ClassMapping:
        """The same names, none of them changed: what is read is of the same type."""
        return replace(self, names={name: name for name in self.names})

    def read(self, labels: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Labels (N,) by their new names, why rows are put aside (N,), old names that got a new one (N,).

        labels: in the type that a run keeps them in; lists of classes lose those that are put aside, and
        hold what two of theirs became once. What a row put aside bears is its old name.
        """
        if types.is_list(labels.type):
            return self._lists(labels)
        place = self._place(labels)
        gone = pc.fill_null(self._aside.take(place), False)
        new = self._new(labels.type).take(place)
        return (
            pc.if_else(pc.or_(gone, pc.is_null(place)), labels, new),
            pc.if_else(gone, pa.scalar(ASIDE), pa.scalar(None, pa.string())),
            self._old.take(place),
        )

    def _lists(self, lists: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        flat, rows = lists.flatten(), pc.list_parent_indices(lists).to_numpy()
        place = self._place(flat)
        new = pc.if_else(pc.is_null(place), flat, self._new(flat.type).take(place))
        again = again_in_row(new, rows) & ~again_in_row(flat, rows)
        kept = ~again & ~pc.fill_null(self._aside.take(place), False).to_numpy(zero_copy_only=False)
        old = self._old.take(place)
        mapped = pc.is_valid(old).to_numpy(zero_copy_only=False)
        return (
            _as_lists(new, rows, kept, lists),
            pa.nulls(len(lists), pa.string()),
            _as_lists(old, rows, mapped, lists),
        )

    def _place(self, labels: pa.Array) -> pa.Array:
        return pc.index_in(labels.cast(pa.string()), value_set=self._old, skip_nulls=True)

    @cached_property
    def _old(self) -> pa.Array:
        return pa.array(list(self.names), pa.string())

    @cached_property
    def _aside(self) -> pa.Array:
        return pa.array([name is None for name in self.names.values()], pa.bool_())

    def _new(self, kind: pa.DataType) -> pa.Array:
        made: Any = int if types.is_integer(kind) else str
        return pa.array([None if name is None else made(name) for name in self.names.values()], kind)


def again_in_row(flat: pa.Array, rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Which classes (M,) stood in the list of their row (M,) before."""
    classes = flat.dictionary_encode()
    codes = classes.indices.fill_null(len(classes.dictionary)).to_numpy()
    keys = rows * (len(classes.dictionary) + 1) + codes
    again = np.ones(len(keys), bool)
    again[np.unique(keys, return_index=True)[1]] = False
    return again


def _as_lists(flat: pa.Array, rows: NDArray[Any], kept: NDArray[np.bool_], like: pa.Array) -> pa.Array:
    """The entries (M,) that are kept as lists of their rows, null where `like` is."""
    sizes = np.bincount(rows[kept], minlength=len(like))
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), flat.filter(pa.array(kept)), mask=pc.is_null(like))
