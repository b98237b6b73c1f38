"""What detection says of rows, by the task of the labels."""

from __future__ import annotations

import pyarrow as pa

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
        pa.field("claim", pa.float32(), metadata={"about": "the same, as far as it is borne out"}),
        pa.field("confident", pa.int32(), metadata={"about": "code by confident learning; null: not asked"}),
        pa.field("confident_probability", pa.float32()),
        pa.field("posterior", pa.list_(pa.float32()), metadata={"about": "of the true label, by class"}),
        pa.field(
            "likeliest", pa.list_(pa.int32()), metadata={"about": "codes, in place of it: many classes"}
        ),
        pa.field("likeliest_probability", pa.list_(pa.float32())),
        pa.field("in_scope", pa.float32(), metadata={"about": "low = of none of the classes"}),
        pa.field("outside", pa.bool_(), metadata={"about": "taken for of none of the classes"}),
        pa.field("pair_mismatch", pa.float32(), metadata={"about": "probability; null: no pair"}),
        pa.field(
            "copies_disagree", pa.bool_(), metadata={"about": "copies bear another label, and were heard"}
        ),
    ]
)

LABEL_SET_SCORES = pa.schema(
    [
        *(SCORES.field(name) for name in ("row", "id")),
        pa.field(
            "given", pa.list_(pa.int32()), nullable=False, metadata={"about": "codes of the given labels"}
        ),
        *(SCORES.field(name) for name in ("score", "error_probability", "flag")),
        pa.field("suggestion", pa.list_(pa.int32()), metadata={"about": "if all suspicions were right"}),
        pa.field("missing", pa.list_(pa.int32()), metadata={"about": "codes of labels that look missing"}),
        pa.field("missing_probability", pa.list_(pa.float32())),
        pa.field("missing_claim", pa.list_(pa.float32()), metadata={"about": "as far as it is borne out"}),
        pa.field("extra", pa.list_(pa.int32()), metadata={"about": "codes of labels that look wrong"}),
        pa.field("extra_probability", pa.list_(pa.float32())),
        pa.field("extra_claim", pa.list_(pa.float32()), metadata={"about": "as far as it is borne out"}),
        pa.field("posterior", pa.list_(pa.float32()), metadata={"about": "P(the row has it), by class"}),
    ]
)

NUMBER_SCORES = pa.schema(
    [
        *(SCORES.field(name) for name in ("row", "id")),
        pa.field("given", pa.float64(), nullable=False, metadata={"about": "the given number"}),
        *(SCORES.field(name) for name in ("score", "error_probability", "flag")),
        pa.field("predicted", pa.float64(), metadata={"about": "out of sample"}),
        pa.field("low", pa.float64(), metadata={"about": "95 % of right numbers are no lower"}),
        pa.field("high", pa.float64(), metadata={"about": "95 % of right numbers are no higher"}),
        pa.field(
            "suggestion",
            pa.float64(),
            metadata={"about": "the prediction, or the number it was swapped with"},
        ),
        pa.field(
            "suggested_probability", pa.float32(), metadata={"about": "0: a prediction is no measurement"}
        ),
    ]
)


SPAN = pa.struct(
    [
        pa.field("start", pa.int32(), metadata={"about": "its first token, from 0"}),
        pa.field("end", pa.int32(), metadata={"about": "the token behind its last"}),
        pa.field("type", pa.string(), metadata={"about": "as given; null: no span is given there"}),
        pa.field("error", pa.string(), metadata={"about": "boundary, type, extra or missing; empty: none"}),
        pa.field("to_start", pa.int32(), metadata={"about": "of the suggested span; -1: there is none"}),
        pa.field("to_end", pa.int32()),
        pa.field("to_type", pa.string()),
        pa.field("error_probability", pa.float32(), metadata={"about": "of a missing one that it is there"}),
        pa.field("score", pa.float32(), metadata={"about": "of its worst token"}),
    ]
)
EDIT = pa.struct(
    [
        pa.field("start", pa.int32(), metadata={"about": "its first token, from 0"}),
        pa.field("end", pa.int32(), metadata={"about": "the token behind its last"}),
        pa.field("error_probability", pa.float32(), metadata={"about": "that a given tag of it is wrong"}),
        pa.field("suggested", pa.float32(), metadata={"about": "P(the suggested tags of it are right)"}),
        pa.field("claim", pa.float32(), metadata={"about": "the same, as far as it is borne out"}),
    ]
)
TAG_SCORES = pa.schema(
    [
        *(SCORES.field(name) for name in ("row", "id")),
        pa.field("given", pa.list_(pa.int32()), nullable=False, metadata={"about": "codes, one a token"}),
        *(SCORES.field(name) for name in ("score", "error_probability", "flag")),
        pa.field("suggestion", pa.list_(pa.int32()), metadata={"about": "the likeliest tags together"}),
        pa.field("token_score", pa.list_(pa.float32())),
        pa.field("token_error_probability", pa.list_(pa.float32())),
        pa.field("posterior", pa.list_(pa.float32()), metadata={"about": "by class, token after token"}),
        pa.field("spans", pa.list_(SPAN), metadata={"about": "given, and seeming missing"}),
        pa.field("edits", pa.list_(EDIT), metadata={"about": "what of the suggestion stands by itself"}),
    ]
)
