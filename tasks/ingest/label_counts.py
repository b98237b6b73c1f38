"""How often each label occurs in a source, and which of them in one row: labels alone are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from labelworks.tasks.ingest.learnable import label_type
from labelworks.tasks.ingest.scan import count_classes, scan
from labelworks.tasks.planning.plan import Plan
from labelworks.tasks.sources.source import Source


@dataclass
class LabelCounts:
    """Rows that have a label, rows of each, and of rows with several how many have both of a pair."""

    rows: int = 0
    counts: Counter[str | int] = field(default_factory=Counter)
    together: Counter[tuple[str | int, str | int]] | None = None


def count_labels(source: Source, plan: Plan) -> LabelCounts:
    """Read the labels of a plan's partitions, one after the other, by their names in the data."""
    mapping = source.columns.mapping and source.columns.mapping.undone()
    columns = replace(source.columns, pred_probs=None, pair=None, classes=None, mapping=mapping)
    bare, kind = replace(source, columns=columns), label_type(columns.task, plan)
    counts = LabelCounts(together=Counter() if kind == "list" else None)
    for partition in plan.partitions:
        labels = scan(partition, bare, kind).rows["label"]
        counts.rows += len(labels)
        counts.counts += count_classes(labels)
        if counts.together is not None:
            counts.together += _together(labels.combine_chunks())
    return counts


def _together(lists: pa.Array) -> Counter[tuple[str | int, str | int]]:
    coded = lists.flatten().dictionary_encode()
    names, column = coded.dictionary.to_pylist(), coded.indices.to_numpy()
    at = (pc.list_parent_indices(lists).to_numpy(), column)
    sets = sparse.csr_array((np.ones(len(column), np.int64), at), shape=(len(lists), len(names)))
    both = sparse.triu(sets.T @ sets, k=1).tocoo()
    cells = zip(both.row.tolist(), both.col.tolist(), both.data.tolist(), strict=True)
    pairs = ((*sorted((names[one], names[other])), rows) for one, other, rows in cells)
    return Counter({(one, other): rows for one, other, rows in pairs})
