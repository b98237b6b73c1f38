"""Rows of the sample beside one another: what each is worth, and whether their order tells what they are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelworks.schemas.findings import HealthFindings, OrderFindings, ValueFindings
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.quality.row_order import row_order
from labelworks.tasks.methods.quality.row_value import knn_shapley, uniqueness

ROWS = 2_000  # compared with one another, all with all
NEIGHBOURS = 10
LOWEST = 20


def with_row_facts(
    artifacts: Artifacts, found: HealthFindings, sample: Sample, ids: pa.ChunkedArray
) -> HealthFindings:
    """Add value and order of rows; ids (N,) of the sample, which is in the order of the dataset.

    The rows are drawn at random, the same each time; detect/row_facts.parquet keeps what is known of each.
    """
    part = np.sort(np.random.default_rng(0).permutation(len(sample.given))[:ROWS])
    if len(part) <= 2 * NEIGHBOURS:
        return found
    rows, named = sample.only(part), ids.take(pa.array(part))
    features = np.asarray(rows.features, np.float32)
    value = knn_shapley(features, rows.given, NEIGHBOURS)
    distances, neighbours = nearest(features, NEIGHBOURS)
    order, unlike = row_order(neighbours), uniqueness(distances[:, 0])
    facts = {"id": named, "value": value, "uniqueness": unlike, "order_score": order.score}
    artifacts.store.write_table(artifacts.file("detect", "row_facts.parquet"), pa.table(facts))
    harmful = np.flatnonzero(value < 0)
    lowest = harmful[np.argsort(value[harmful], kind="stable")[:LOWEST]]
    return found.model_copy(
        update={
            "order": OrderFindings(rows=len(part), effect=order.effect, p_value=order.p_value),
            "value": ValueFindings(
                rows=len(part), harmful=len(harmful), lowest=tuple(named.take(pa.array(lowest)).to_pylist())
            ),
        }
    )
