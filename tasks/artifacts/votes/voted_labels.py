"""Labels made of votes, joined to the rows by their ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.row_extras import packed
from labelworks.tasks.storage.store import Store


@dataclass(frozen=True)
class Voted:
    """Labels made of votes, as they lie in the store.

    parts: names of the tables of items, with the posterior (K,) of each; kept (C,): those of its classes that
    some item is of, or all where the config lists them; classes (C,): their names.
    """

    store: Store
    parts: tuple[str, ...]
    kept: tuple[int, ...]
    classes: tuple[str | int, ...]
    label_type: str
    key: str

    def join(self, index: pa.Table, kind: pa.DataType, _: Partition | None = None) -> pa.Table:
        """An index with label (null: no votes) and `votes`, the posterior of the row's item as raw bytes."""
        posterior = np.zeros((index.num_rows, len(self.classes)), np.float32)
        codes, known = np.zeros(index.num_rows, np.int32), np.zeros(index.num_rows, bool)
        for part in self.parts:
            rows, voted, codes_there = self._of(index["id"], part)
            posterior[rows], codes[rows], known[rows] = voted, codes_there, True
        posterior[known] /= posterior[known].sum(axis=1, keepdims=True)
        at = index.column_names.index("label")
        labels = pa.array(self.classes, kind).take(pa.array(codes, mask=~known))
        return index.set_column(at, "label", labels).append_column("votes", packed(posterior))

    def labelled(self, index: pa.Table) -> pa.Table:
        """The index as it is: a row without votes is put aside, and that is said."""
        return index

    def _of(
        self, ids: pa.ChunkedArray, part: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int32]]:
        """Which rows (n,) have an item in a part, its posterior (n, C), before it sums to one, and its code.

        That is of the label as it was made: classes that tie are told apart by less than the posterior keeps.
        """
        items = self.store.read_table(part, ["item", "label", "posterior"]).combine_chunks()
        place = pc.index_in(ids, value_set=items["item"]).combine_chunks()
        rows = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
        posterior = items["posterior"].combine_chunks().take(place.drop_null())
        values = (
            posterior.flatten().to_numpy(zero_copy_only=False).reshape(len(rows), posterior.type.list_size)
        )
        labels = items["label"].combine_chunks()
        codes = pc.index_in(labels, value_set=pa.array(self.classes, labels.type)).take(place.drop_null())
        return rows, values[:, list(self.kept)], codes.to_numpy()
