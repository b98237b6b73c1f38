"""What judges said of a dataset's rows, as the parts of the treat stage take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from labelworks.tasks.methods.treatment.decisions import Verdicts

COLUMNS = pa.schema(
    [
        pa.field("judge_answer", pa.int32(), metadata={"about": "code of a class; null: none, or not asked"}),
        pa.field("judge_score", pa.float32(), metadata={"about": "low = look first; null: not asked"}),
    ]
)
SAID = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("answer", pa.int32(), nullable=False, metadata={"about": "K: none of them; -1: no answer"}),
        pa.field("trusted", pa.bool_(), nullable=False),
        pa.field("score", pa.float32(), nullable=False, metadata={"about": "P(the given label is right)"}),
    ]
)


@dataclass(frozen=True, eq=False)
class Judged:
    """By partition what judges said of those of its rows that they were asked about (SAID).

    bound: how often audited rows have shown them right where they are trusted.
    """

    by_partition: Mapping[str, pa.Table]
    bound: float
    classes: int

    def verdicts(self, partition: str, rows: pa.ChunkedArray) -> Verdicts:
        """Those on the rows (N,) of a partition."""
        answer, trusted = np.full(len(rows), -1, np.int32), np.zeros(len(rows), bool)
        said, place = self._placed(partition, rows)
        answer[place], trusted[place] = said["answer"].to_numpy(), said["trusted"].to_numpy()
        return Verdicts(answer, trusted, self.bound)

    def columns(self, partition: str, rows: pa.ChunkedArray) -> pa.Table:
        """What is kept of them beside the decisions on the rows (N,) of a partition."""
        answer, score = np.full(len(rows), -1, np.int32), np.full(len(rows), np.nan, np.float32)
        said, place = self._placed(partition, rows)
        answer[place], score[place] = said["answer"].to_numpy(), said["score"].to_numpy()
        named = (answer >= 0) & (answer < self.classes)
        columns = [pa.array(answer, mask=~named), pa.array(score, mask=np.isnan(score))]
        return pa.table(columns, schema=COLUMNS)

    def _placed(self, partition: str, rows: pa.ChunkedArray) -> tuple[pa.Table, np.ndarray]:
        said = self.by_partition.get(partition, SAID.empty_table())
        return said, np.searchsorted(rows.to_numpy(), said["row"].to_numpy())
