"""Published rows of the target window: what is predicted of each at the window's class mix, how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.findings import PseudoLabelFindings, ShiftFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import DetectResult
from labelworks.schemas.tables import described, published_target_schema, with_pseudo_labels, with_sets
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import LABEL_TYPES
from labelworks.tasks.artifacts.scores import TARGET_ROWS, read_target_sets
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.inference.prediction_sets import SetThresholds
from labelworks.tasks.publish.prediction_sets import COLUMN, named_sets, set_codes

FOLDER = "publish/target"
ONE_CLASS = "classification"  # a target window goes with no other task
REPETITIVE = ["label", "predicted", "source_prediction", "source_file", "run_id"]


@dataclass(frozen=True)
class PublishedTarget:
    """What was written of the target window: names of the parts in the run's folder, their rows.

    pseudo: rows with a pseudo-label; expected: how many rows and pseudo-labels detection had. Both of
    pseudo-labels are None where none were asked for.
    """

    names: tuple[str, ...]
    rows: int
    rows_expected: int
    pseudo: int | None
    pseudo_expected: int | None


def publish_target(artifacts: Artifacts, ref: DatasetRef, compression: str) -> PublishedTarget:
    """Write the parts of the target window."""
    shift = _shift(artifacts)
    asked = shift.pseudo_labels if shift else None
    written = map_partitions(
        "publish", publish_partition, ref.of("target"),
        artifacts=artifacts, ref=ref, compression=compression, pseudo=asked, sets=read_target_sets(artifacts),
    )  # fmt: skip
    return PublishedTarget(
        names=tuple(name for name, _, _ in written),
        rows=sum(rows for _, rows, _ in written),
        rows_expected=shift.adapted.rows if shift and shift.adapted else 0,
        pseudo=sum(labelled for _, _, labelled in written) if asked else None,
        pseudo_expected=asked.rows if asked else None,
    )


def _shift(artifacts: Artifacts) -> ShiftFindings | None:
    detected = artifacts.result(DetectResult)
    return detected.figures.shift if detected else None


def publish_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, compression: str,
    pseudo: PseudoLabelFindings | None, sets: SetThresholds | None,
) -> tuple[str, int, int]:  # fmt: skip
    """Write one part, or find it written; its rows, and how many have a label."""
    name = artifacts.part(FOLDER, partition)
    if not artifacts.store.exists(name):
        table = _table(artifacts, ref, partition, pseudo, sets).sort_by("id")
        artifacts.store.write_table(name, table, compression=compression, use_dictionary=REPETITIVE)
    labels = artifacts.store.read_table(name, ["label"])["label"]
    return name.removeprefix(f"{artifacts.folder}/"), len(labels), len(labels) - labels.null_count


def _table(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, pseudo: PseudoLabelFindings | None,
    sets: SetThresholds | None,
) -> pa.Table:  # fmt: skip
    """A label is there where one is surely enough right; where that isn't asked for, where a row is of a
    known class and the class mix made it no less sure."""
    kind = LABEL_TYPES[ref.label_type]
    classes, store = pa.array(ref.classes, kind), artifacts.store
    table = store.read_table(artifacts.part(TARGET_ROWS, partition))
    index = store.read_table(artifacts.index(ref.label_type, partition), ["row", "file", "file_row"])
    place = index.take(np.searchsorted(index["row"].to_numpy(), table["row"].to_numpy()))
    predicted = classes.take(table["prediction"].combine_chunks())
    dropped = pc.or_(table["doubtful"], pc.greater(table["unknown"], 0.5))
    schema = published_target_schema(kind)
    added: dict[str, pa.Array] = {}
    if pseudo:
        schema, nothing = with_pseudo_labels(schema), pa.nulls(table.num_rows)
        dropped = pc.is_null(nothing if pseudo.why_none else table["pseudo_label"])
        claim = nothing.cast(pa.float32()) if pseudo.why_none else table["claim"]
        added = {"pseudo": pc.invert(dropped), "claim": claim}
    if sets is not None:
        schema = with_sets(schema, kind)
        added |= {COLUMN: named_sets(set_codes(table["posterior"], sets), ref)}
    columns = {
        "id": table["id"],
        "label": pc.if_else(dropped, pa.scalar(None, kind), predicted),
        "predicted": predicted,
        "source_prediction": classes.take(table["source_prediction"].combine_chunks()),
        **{name: table[name] for name in ("confidence", "doubtful", "unknown", "posterior")},
        "source_file": place["file"].cast(pa.string()),
        "source_row": place["file_row"],
        "run_id": pa.repeat(artifacts.id, table.num_rows),
        **added,
    }
    return pa.table(columns, schema=described(schema, ref.classes, ONE_CLASS, artifacts.id))
