"""What treatment decides about rows, and what the target window is said to be."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

ACTIONS = ("keep", "relabel", "review", "infer", "decided", "drop")
DECIDED_POSTERIOR = "decided_posterior"  # column of treated rows, where people decided about some of them
UNDOUBTED = ("keep", "infer")  # actions of rows whose label nobody takes for wrong
FACTOR = "weight_"  # begins the names of columns of single factors


def column(name: str, kind: pa.DataType, about: str, *, nullable: bool = False) -> pa.Field:
    """A field that says what it is about."""
    return pa.field(name, kind, nullable=nullable, metadata={"about": about})


def factor_column(name: str) -> str:
    """The column of a factor of the weights, of treated and of published rows."""
    return f"{FACTOR}{name.replace('-', '_')}"


def factor_name(column: str) -> str:
    """The factor of a column that `factor_column` gave."""
    return column.removeprefix(FACTOR).replace("_", "-")


def factor_fields(factors: Sequence[str]) -> list[pa.Field]:
    """The columns of factors of the weights."""
    about = "factor {} of the weight, before it is clipped and brought to a mean of 1"
    return [column(factor_column(name), pa.float32(), about.format(name)) for name in factors]


def treated_schema(label: pa.DataType, factors: Sequence[str] = ()) -> pa.Schema:
    """Rows decided on; label: codes of classes, lists of them, or numbers; factors: of the weights."""
    return pa.schema(
        [
            pa.field("row", pa.int32(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("given", label, nullable=False),
            pa.field("label", label, nullable=False),
            pa.field("action", pa.string(), nullable=False),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("weight", pa.float32()),
            pa.field("score", pa.float32()),
            *factor_fields(factors),
        ]
    )


TARGET = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("source_prediction", pa.int32(), nullable=False, metadata={"about": "at the source's mix"}),
        pa.field("prediction", pa.int32(), nullable=False, metadata={"about": "at the target's class mix"}),
        pa.field("confidence", pa.float32(), metadata={"about": "of the prediction"}),
        pa.field("doubtful", pa.bool_(), metadata={"about": "the new mix made the old prediction less sure"}),
        pa.field("unknown", pa.float32(), metadata={"about": "probability of being of no known class"}),
        pa.field(
            "posterior",
            pa.list_(pa.float32()),
            metadata={"about": "by class as soft_label, at the target's class mix"},
        ),
    ]
)


TARGET_PSEUDO = pa.schema(
    [
        *TARGET,
        pa.field("pseudo_label", pa.int32(), metadata={"about": "code of the class given; null: none"}),
        pa.field("claim", pa.float32(), metadata={"about": "P(the prediction is right), as borne out"}),
    ]
)
