"""Treat, of one class a row: by the posterior of the true class, and the weight of its class."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import ACTIONS, DECIDED_POSTERIOR, factor_column, treated_schema
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import read_judged
from labelworks.tasks.methods.reasons import WORDS, explained
from labelworks.tasks.methods.treatment.decisions import SILENT, Answered, Decisions
from labelworks.tasks.methods.treatment.weights.core.weigh import Weights, weigh
from labelworks.tasks.treat.people.decided import answered, replaced
from labelworks.tasks.treat.row_weights import weighed
from labelworks.tasks.treat.treated import Basis, ByClass

DISAGREE = "copies disagree"


def treat_classes(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, settled: pa.Table | None
) -> pa.Table:
    """Decide on the rows of a partition by their scores, and by what people decided about some of them."""
    scores, judged = read_judged(artifacts, ref, partition), basis.judged
    said = None if settled is None else answered(scores, settled)
    decided, rows = weighed(partition, artifacts, ref, basis, scores, said)
    table = _table(scores, decided, weigh(rows, basis.facts, basis.policy, basis.scale))
    treated = append_reason(table, scores["copies_disagree"])
    if settled is not None and said is not None:
        treated = _with_answers(treated, said, settled, len(ref.classes))
    if judged is None:
        return treated
    beside = judged.columns(partition.key, scores["row"])
    for field, column in zip(beside.schema, beside.columns, strict=True):
        treated = treated.append_column(field, column)
    return treated


def _with_answers(treated: pa.Table, said: Answered, settled: pa.Table, classes: int) -> pa.Table:
    """Rows of none of the classes count for nothing; beside the rows what their posterior is now."""
    none = said.place[said.label == classes]
    treated = replaced(treated, "weight", none, pa.array(np.zeros(len(none), np.float32)))
    unsaid = pa.nulls(len(treated), settled.schema.field("posterior").type)
    treated = treated.append_column(DECIDED_POSTERIOR, unsaid)
    return replaced(treated, DECIDED_POSTERIOR, said.place, settled["posterior"].combine_chunks())


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Rows of each class before and after, and what they weigh after."""
    label, given, weight = (table[column].to_numpy() for column in ("label", "given", "weight"))
    classes = len(ref.classes)
    return ByClass(
        np.bincount(given, minlength=classes),
        np.bincount(label, minlength=classes),
        np.bincount(label, weight.astype(np.float64), classes).astype(np.float64),
    )


def _table(scores: pa.Table, decided: Decisions, weights: Weights) -> pa.Table:
    why = explained(decided.reason, weights.factors)
    return pa.table(
        {
            "row": scores["row"],
            "id": scores["id"],
            "given": scores["given"],
            "label": decided.label,
            "action": pa.DictionaryArray.from_arrays(decided.action, list(ACTIONS)).cast(pa.string()),
            "reason": pa.DictionaryArray.from_arrays(why, list(WORDS)).cast(pa.string()),
            "weight": np.where(decided.reason == SILENT, np.float32(0), weights.weight),
            "score": scores["score"],
            **{factor_column(name): values for name, values in weights.factors.items()},
        },
        schema=treated_schema(pa.int32(), tuple(weights.factors)),
    )


def append_reason(treated: pa.Table, changed: pa.ChunkedArray) -> pa.Table:
    """Decisions whose reasons say for which rows (N,) copies were heard."""
    place = treated.column_names.index("reason")
    longer = pc.binary_join_element_wise(treated["reason"], DISAGREE, "; ")
    reason = pc.if_else(changed, longer, treated["reason"])
    return treated.set_column(place, treated.schema.field(place), reason)
