"""What treating a partition rests on, and what is counted of it by class."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.tables import ACTIONS, factor_column, treated_schema
from labelworks.tasks.methods.reasons import OTHER_REASONS, doubted
from labelworks.tasks.methods.treatment.cut import NEVER, Cut, even
from labelworks.tasks.methods.treatment.label_sets import TreatedLabelSets
from labelworks.tasks.methods.treatment.numbers import TreatedNumbers
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.tags import TreatedTags
from labelworks.tasks.methods.treatment.weights.core.joint import RIGHT, Scale
from labelworks.tasks.methods.treatment.weights.core.rows import WeightFacts
from labelworks.tasks.sources.source import Source
from labelworks.tasks.treat.judging.judged import Judged
from labelworks.tasks.treat.people.audited_rows import LookedAt

NOTHING = even(NEVER, 0)


@dataclass(frozen=True)
class Basis:
    """What may be done; of the whole dataset rows by class (K,), of all.

    cut: from which claim on a label of one class changes. judged: what judges said; None: nobody was asked.
    facts, scale: what weights are made of. source: opens the columns that these read; None: none do.
    audited: the classes that people who looked at rows drawn by chance named; None: nobody was asked.
    """

    policy: Policy
    rows_by_class: NDArray[np.float64]
    rows: int
    cut: Cut = NOTHING
    judged: Judged | None = None
    facts: WeightFacts = field(default_factory=WeightFacts)
    scale: Scale = Scale()  # noqa: RUF009 - frozen
    source: Source | None = None
    audited: LookedAt | None = None


@dataclass(frozen=True)
class ByClass:
    """Rows of each class (K,) before and after, and their weights after; K = 0 of numbers."""

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    weight: NDArray[np.float64]


def treated_table(
    scores: pa.Table, label: pa.Array, done: TreatedLabelSets | TreatedNumbers | TreatedTags, basis: Basis
) -> pa.Table:
    """The part of a partition: its scores' rows, the labels (N,) as they are kept, what was decided.

    The one factor of the weight is P(the label is right); the weight is that, of mean 1 in the dataset.
    """
    factors = (RIGHT,) if basis.policy.reweighs else ()
    weight = basis.scale.weigh(done.weight, np.ones(len(done.weight)))
    schema = treated_schema(label.type, factors)
    return (
        pa.table(
            {
                **{name: scores[name] for name in ("row", "id", "given", "score")},
                "label": label,
                "action": pa.array(ACTIONS).take(pa.array(done.action)),
                "reason": pa.array(OTHER_REASONS).take(pa.array(doubted(done.reason, done.weight))),
                "weight": pa.array(weight),
                **{factor_column(name): pa.array(done.weight) for name in factors},
            }
        )
        .select(schema.names)
        .cast(schema)
    )
