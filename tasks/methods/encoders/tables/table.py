"""Columns of a table as one vector, whatever is in them: numbers, truths, categories, dates, short texts."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.types as types
from numpy.typing import NDArray

from labelworks.schemas.arrow_types import is_moment, is_text
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import Encoded, Encoder, State
from labelworks.tasks.methods.encoders.standardize import nothing_differs
from labelworks.tasks.methods.encoders.tables.column_kinds import KINDS, ColumnCells, ColumnKind
from labelworks.tasks.methods.encoders.tables.read_values import (
    distinct,
    share_of_moments,
    share_of_numbers,
)
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.packed_cells import pack_cells

MOSTLY = 0.95  # of the texts that aren't missing, and the column is one of numbers or of dates
CATEGORIES = 100  # that a column of categories has at most …
REPEATED = 2  # … and rows that one has on average at least
FEWEST = 8  # dimensions of a column of categories or of texts, however many columns there are
SHOWN = 40  # characters of a value in a reason


@register(
    "encoders", "table", modality=("columns",), source="z-scores, one-hot, TF-IDF side by side; Gower 1971"
)
class TableEncoder(Encoder):
    """Numbers in units of their spread, a place for each frequent category, cycles of dates, words of texts.

    What a column is follows from a sample, by its type, or of strings by what they look like. Rows differ by
    about as much in each column, as in Gower's distance. A value that is missing is 0 in all places of its
    column and 1 in a further one. Beside the vectors are the cells, which trees see.
    """

    kind = "columns"
    dtype = "float32"
    numbers_only: ClassVar[bool] = False
    fit_rows = 5000
    fit_share = 0.5
    batch_rows = 16_384
    options: ClassVar[dict[str, Any]] = {"dims": 1024}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if int(self.chosen["dims"]) < FEWEST:
            raise ConfigError(
                f"dims are {self.chosen['dims']}", where="encoder.options.dims", fix=f"give {FEWEST} or more"
            )

    def fit(self, values: pa.Array) -> State:
        """Find what each column of a sample (a struct's fields) is, and what that kind has to know."""
        columns = values.flatten()
        places = max(int(self.chosen["dims"]) // max(len(columns), 1), FEWEST)
        state: State = {}
        for place, column in enumerate(columns):
            kind = kind_of(column)
            fitted = KINDS[kind].fit(column, min(places, CATEGORIES))
            state[f"{place}.kind"] = np.array(kind)
            state |= {f"{place}.{name}": value for name, value in fitted.items()}
        self.load(state)
        if not self.encode(values.slice(0, 1)).vectors.shape[1]:
            raise nothing_differs(values.type.names)
        return state

    def load(self, state: State) -> None:
        """Take what each column is."""
        self.columns: list[ColumnKind] = []
        while (kind := state.get(f"{len(self.columns)}.kind")) is not None:
            begins = f"{len(self.columns)}."
            own = {
                name.removeprefix(begins): value for name, value in state.items() if name.startswith(begins)
            }
            self.columns.append(KINDS[str(kind)](own))

    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch (N rows of a struct); a value that its column can't have is a reason for none."""
        fields = values.flatten()
        parts = [kind.encode(field) for kind, field in zip(self.columns, fields, strict=True)]
        reasons: list[str | None] = [None] * len(values)
        for row in np.flatnonzero(np.all([part.missing & ~part.bad for part in parts], axis=0)).tolist():
            reasons[row] = "null in all columns of the features"
        for name, part, field in reversed(list(zip(values.type.names, parts, fields, strict=True))):
            for row in np.flatnonzero(part.bad).tolist():
                reasons[row] = _reason(name, field[row], part)
        vectors = _beside([part.vectors for part in parts], np.float32)
        vectors[[reason is not None for reason in reasons]] = 0
        cells = pack_cells(
            _beside([part.numbers for part in parts], np.float32),
            _beside([part.codes for part in parts], np.int64),
        )
        return Encoded(vectors, reasons, cells=cells)


def kind_of(values: pa.Array) -> str:
    """What a column is taken for by a sample of it: its type, or of strings what most of them look like."""
    if is_moment(values.type):
        return "moment"
    if not is_text(values.type):
        return "category" if types.is_null(values.type) else "number"
    codes, texts = distinct(values)
    rows = np.bincount(codes[codes >= 0], minlength=len(texts))
    if share_of_numbers(texts, rows) >= MOSTLY:
        return "number"
    if share_of_moments(texts, rows) >= MOSTLY:
        return "moment"
    occur = np.count_nonzero(rows)
    return "category" if occur <= CATEGORIES and occur * REPEATED <= max(rows.sum(), REPEATED) else "text"


def _reason(name: str, value: pa.Scalar, part: ColumnCells) -> str:
    said = str(value.as_py())
    return f"column {name!r} is {said[:SHOWN]!r}, no {part.what}"


def _beside(blocks: list[Any], dtype: type) -> NDArray[Any]:
    return np.hstack(blocks).astype(dtype)
