"""Published rows of the target window: what is predicted of each at the window's class mix, how surely."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import DetectResult
from labelworks.schemas.tables import described, published_target_schema
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import LABEL_TYPES
from labelworks.tasks.artifacts.scores import TARGET_ROWS
from labelworks.tasks.execution.map_partitions import map_partitions

FOLDER = "publish/target"
ONE_CLASS = "classification"  # a target window goes with no other task
REPETITIVE = ["label", "predicted", "source_prediction", "source_file", "run_id"]


def publish_target(artifacts: Artifacts, ref: DatasetRef, compression: str) -> tuple[list[str], int]:
    """Write the parts of the target window; return their names in the run's folder, and their rows."""
    written = map_partitions(
        "publish", publish_partition, ref.of("target"),
        artifacts=artifacts, ref=ref, compression=compression,
    )  # fmt: skip
    return [name for name, _ in written], sum(rows for _, rows in written)


def rows_adapted(artifacts: Artifacts) -> int:
    """Rows of the target window whose probabilities the detect stage has written."""
    detected = artifacts.result(DetectResult)
    shift = detected.figures.shift if detected else None
    return shift.adapted.rows if shift and shift.adapted else 0


def publish_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, compression: str
) -> tuple[str, int]:
    """Write one part, or find it written."""
    name = artifacts.part(FOLDER, partition)
    if not artifacts.store.exists(name):
        table = _table(artifacts, ref, partition).sort_by("id")
        artifacts.store.write_table(name, table, compression=compression, use_dictionary=REPETITIVE)
    return name.removeprefix(f"{artifacts.folder}/"), artifacts.store.read_table(name, ["id"]).num_rows


def _table(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> pa.Table:
    """A pseudo-label is there where a row is of a known class and the class mix made it no less sure."""
    kind = LABEL_TYPES[ref.label_type]
    classes, store = pa.array(ref.classes, kind), artifacts.store
    table = store.read_table(artifacts.part(TARGET_ROWS, partition))
    index = store.read_table(artifacts.index(ref.label_type, partition), ["row", "file", "file_row"])
    place = index.take(np.searchsorted(index["row"].to_numpy(), table["row"].to_numpy()))
    predicted = classes.take(table["prediction"].combine_chunks())
    dropped = pc.or_(table["doubtful"], pc.greater(table["unknown"], 0.5))
    columns = {
        "id": table["id"],
        "label": pc.if_else(dropped, pa.scalar(None, kind), predicted),
        "predicted": predicted,
        "source_prediction": classes.take(table["source_prediction"].combine_chunks()),
        **{name: table[name] for name in ("confidence", "doubtful", "unknown", "posterior")},
        "source_file": place["file"].cast(pa.string()),
        "source_row": place["file_row"],
        "run_id": pa.repeat(artifacts.id, table.num_rows),
    }
    schema = described(published_target_schema(kind), ref.classes, ONE_CLASS, artifacts.id)
    return pa.table(columns, schema=schema)
