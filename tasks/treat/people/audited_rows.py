"""Rows that people looked at: what they say the right labels are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.audit.draw import with_said
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.treatment.claims import UNLOOKED
from labelworks.tasks.sources.files import SourceReader, list_files

COLUMNS = ("id", "label")


@dataclass(frozen=True)
class LookedAt:
    """Rows that people looked at: by id the class, as text; codes of the classes by their names.

    changes: hashes (M,), rising, of the changes that the rows were drawn from; None: from all that there are.
    """

    named: Mapping[str, str]
    codes: Mapping[str, int]
    changes: NDArray[np.uint64] | None = None

    @classmethod
    def of(
        cls,
        named: Mapping[str, str],
        classes: Sequence[str | int],
        changes: NDArray[np.uint64] | None = None,
    ) -> LookedAt:
        """Those of a dataset of these classes."""
        return cls(named, {str(name): code for code, name in enumerate(classes)}, changes)

    def looked(self, ids: pa.ChunkedArray) -> NDArray[np.int64]:
        """The class (N,) that people named of rows, as a code; K for none of the classes, else UNLOOKED."""
        named = [self.named.get(row) for row in ids.to_pylist()]
        none = len(self.codes)
        return np.array(
            [UNLOOKED if name is None else self.codes.get(name, none) for name in named], np.int64
        )

    def covered(self, ids: pa.ChunkedArray, suggestion: NDArray[np.integer]) -> NDArray[np.bool_] | np.bool_:
        """Whether the changes (N,) of rows to a suggested class are among those that rows were drawn from."""
        if self.changes is None:
            return np.True_
        hashes = change_hashes(ids, suggestion)
        place = np.minimum(np.searchsorted(self.changes, hashes), max(len(self.changes) - 1, 0))
        return np.asarray(self.changes[place] == hashes) if len(self.changes) else np.zeros(len(hashes), bool)


def change_hashes(ids: pa.ChunkedArray, label: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Names (N,) of changes of rows to a class, by its code."""
    return with_said(hash_ids(ids.combine_chunks()), label)


def read_audited(place: str, options: dict[str, Any]) -> dict[str, str]:
    """By id the right class, as text; a row without a label is one that nobody looked at yet.

    options: for fsspec. Raises InputError for a file without ids and labels, or with two labels of an id.
    """
    labels_by_id: dict[str, str] = {}
    for file in list_files(place, "auto", options):
        reader = SourceReader(place, file.path, file.format, options, file.name)
        lacking = [name for name in COLUMNS if name not in reader.look().schema.names]
        if lacking:
            raise InputError(
                f"no column {lacking[0]!r}", where=reader.where, fix="audited rows have columns id and label"
            )
        table = reader.table(None, list(COLUMNS))
        for row_id, label in zip(*(_texts(table[name]) for name in COLUMNS), strict=True):
            if not label:
                continue
            if row_id in labels_by_id and labels_by_id[row_id] != label:
                raise InputError(f"the row {row_id!r} has two labels", where=reader.where)
            labels_by_id[row_id] = label
    return labels_by_id


def _texts(values: pa.ChunkedArray) -> list[str]:
    return ["" if value is None else str(value) for value in values.to_pylist()]
