"""Arrow schemas of what each stage writes. Row order within a part is always the row order of its source."""

from __future__ import annotations

import pyarrow as pa

REJECTED = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), metadata={"about": "position in the file; null: the whole file"}),
        pa.field("id", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("value", pa.string(), metadata={"about": "the offending value, shortened"}),
    ]
)

ACTIONS = ("keep", "relabel", "review")


def index_schema(label_type: pa.DataType) -> pa.Schema:
    """One row per usable source row: its position in the partition, where it is from, id, given label."""
    return pa.schema(
        [
            pa.field("row", pa.int32(), nullable=False),
            pa.field("file", pa.dictionary(pa.int32(), pa.string()), nullable=False),
            pa.field("file_row", pa.int64(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("hash", pa.uint64(), nullable=False, metadata={"about": "of the id"}),
            pa.field("label", label_type, metadata={"about": "null in an unlabelled window"}),
        ]
    )


def embedding_schema(dtype: str, dim: int) -> pa.Schema:
    """Row-aligned with the partition: the vector's raw bytes, or null and the reason why there is none."""
    width = {"float16": 2, "float32": 4}[dtype]
    return pa.schema(
        [
            pa.field("vector", pa.binary(width * dim)),
            pa.field("reason", pa.string()),
            pa.field("content", pa.uint64(), nullable=False, metadata={"about": "hash of what was encoded"}),
        ],
        metadata={"dtype": dtype, "dim": str(dim)},
    )


SCORES = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("given", pa.int32(), nullable=False, metadata={"about": "code of the given label"}),
        pa.field("score", pa.float32(), metadata={"about": "1 = surely fine"}),
        pa.field("error_probability", pa.float32()),
        pa.field("flag", pa.bool_()),
        pa.field("suggestion", pa.int32(), metadata={"about": "code of the likeliest true label"}),
        pa.field("suggested_probability", pa.float32(), metadata={"about": "null: unknown"}),
        pa.field("posterior", pa.list_(pa.float32()), metadata={"about": "of the true label, by class"}),
        pa.field("in_scope", pa.float32(), metadata={"about": "low = of none of the classes"}),
        pa.field("outside", pa.bool_(), metadata={"about": "taken for of none of the classes"}),
        pa.field("pair_mismatch", pa.float32(), metadata={"about": "probability; null: no pair"}),
    ]
)

TREATED = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("given", pa.int32(), nullable=False),
        pa.field("label", pa.int32(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("weight", pa.float32()),
        pa.field("score", pa.float32()),
    ]
)


def judged_schema(label_type: pa.DataType) -> pa.Schema:
    """Rows of several labels each, or of numbers, judged and treated."""
    return pa.schema(
        [
            pa.field("row", pa.int32(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("given", label_type, nullable=False),
            pa.field("label", label_type, nullable=False),
            pa.field("likelier", label_type, metadata={"about": "if all suspicions were right"}),
            pa.field("action", pa.string(), nullable=False),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("weight", pa.float32()),
            pa.field("score", pa.float32(), metadata={"about": "1 = surely fine"}),
            pa.field("error_probability", pa.float32(), metadata={"about": "that something is wrong"}),
            pa.field("flag", pa.bool_()),
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
        pa.field("posterior", pa.list_(pa.float32()), metadata={"about": "at the target's class mix"}),
    ]
)


def published_schema(label_type: pa.DataType) -> pa.Schema:
    """The published dataset: plain parquet that any trainer reads."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("label", label_type, nullable=False),
            pa.field("original_label", label_type, nullable=False),
            pa.field("action", pa.string(), nullable=False),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("weight", pa.float32(), nullable=False),
            pa.field("soft_label", pa.list_(pa.float32()), metadata={"about": "by class, in manifest order"}),
            pa.field("quality", pa.float32(), metadata={"about": "1 = surely fine"}),
            pa.field("pair_mismatch", pa.float32(), metadata={"about": "probability; null: no pair"}),
            pa.field("source_file", pa.string(), nullable=False),
            pa.field("source_row", pa.int64(), nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
        ]
    )


def published_target_schema(label_type: pa.DataType) -> pa.Schema:
    """The published rows of the target window: pseudo-labels and posteriors at its class mix."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("label", label_type, metadata={"about": "null: doubtful, or of no known class"}),
            pa.field("predicted", label_type, nullable=False),
            pa.field("source_prediction", label_type, nullable=False),
            *(TARGET.field(name) for name in ("confidence", "doubtful", "unknown", "posterior")),
            pa.field("source_file", pa.string(), nullable=False),
            pa.field("source_row", pa.int64(), nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
        ]
    )
