"""Arrow schemas of what each stage writes. Row order within a part is always the row order of its source."""

from __future__ import annotations

import json
from collections.abc import Sequence

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

ACTIONS = ("keep", "relabel", "review", "infer", "decided", "drop")
DECIDED_POSTERIOR = "decided_posterior"  # column of treated rows, where people decided about some of them
UNDOUBTED = ("keep", "infer")  # actions of rows whose label nobody takes for wrong
FACTOR = "weight_"  # begins the names of columns of single factors


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


def embedding_schema(
    dtype: str, dim: int, words: int = 0, cells: int = 0, *, tokens: bool = False
) -> pa.Schema:
    """Row-aligned with the partition: the vector's raw bytes, or null and the reason why there is none.

    words, cells: how many packed words and cells each row has, as raw bytes too; 0: the encoder gives none.
    tokens: whether the vectors of a row's tokens lie beside their mean, one after the other.
    """
    width = {"float16": 2, "float32": 4}[dtype]
    fields = [
        pa.field("vector", pa.binary(width * dim)),
        pa.field("reason", pa.string()),
        pa.field("content", pa.uint64(), nullable=False, metadata={"about": "hash of what was encoded"}),
    ]
    if words:
        fields.append(pa.field("words", pa.binary(4 * words), nullable=False))
    if cells:
        fields.append(pa.field("cells", pa.binary(4 * cells), nullable=False))
    if tokens:
        fields.append(pa.field("tokens", pa.large_binary(), nullable=False))
    return pa.schema(fields, metadata={"dtype": dtype, "dim": str(dim)})


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


def factor_column(name: str) -> str:
    """The column of a factor of the weights, of treated and of published rows."""
    return f"{FACTOR}{name.replace('-', '_')}"


def factor_name(column: str) -> str:
    """The factor of a column that `factor_column` gave."""
    return column.removeprefix(FACTOR).replace("_", "-")


def _factor_fields(factors: Sequence[str]) -> list[pa.Field]:
    about = "factor {} of the weight, before it is clipped and brought to a mean of 1"
    return [_field(factor_column(name), pa.float32(), about.format(name)) for name in factors]


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
            *_factor_fields(factors),
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


def _field(name: str, kind: pa.DataType, about: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"about": about})


def published_schema(label_type: pa.DataType, factors: Sequence[str] = ()) -> pa.Schema:
    """The published dataset: plain parquet that any trainer reads; each field says what it is about.

    factors: of the weights, each a column behind the others.
    """
    floats = pa.list_(pa.float32())
    return pa.schema(
        [
            _field("id", pa.string(), "of dataset.id; by default the file and the row: file#row"),
            _field("label", label_type, "the label to train on, after treatment"),
            _field(
                "original_label",
                label_type,
                "the label as given, as made of votes, or drawn of what was observed alone",
            ),
            _field("action", pa.string(), f"{', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}"),
            _field("reason", pa.string(), "why that action, and why that weight"),
            _field(
                "suggestion",
                label_type,
                "the likeliest right label where the given one is doubted; null: it isn't, or none fits",
                nullable=True,
            ),
            _field("weight", pa.float32(), "for training: the product of its factors, clipped, of mean 1"),
            _field(
                "soft_label",
                floats,
                "P(true label) by class, in the order of labelworks.classes in the schema's metadata, over "
                "256 classes of those in soft_label_classes; of a multilabel row P(it has the class); null: "
                "numbers, or label sets of more than 256 classes",
                nullable=True,
            ),
            _field(
                "quality", pa.float32(), "score of the given label in [0, 1], 1 = surely fine", nullable=True
            ),
            _field(
                "pair_mismatch",
                pa.float32(),
                "P(the row's two vectors don't belong together); null: no pair",
                nullable=True,
            ),
            _field("source_file", pa.string(), "the file that the row is from, relative to dataset.source"),
            _field("source_row", pa.int64(), "its place in the file, from 0"),
            _field("run_id", pa.string(), "the run that published it"),
            *_factor_fields(factors),
        ]
    )


def with_tags(schema: pa.Schema) -> pa.Schema:
    """The published columns of tags of tokens: of each token and of each span, beside the sentence's."""
    soft = "P(true tag) by class, in the order of labelworks.classes, a list a token; null: over 256 classes"
    floats = pa.list_(pa.float32())
    place = schema.names.index("soft_label")
    return (
        schema.set(place, _field("soft_label", pa.list_(floats), soft, nullable=True))
        .append(_field("token_flag", pa.list_(pa.bool_()), "whether another tag is suggested, a token"))
        .append(_field("token_error_probability", floats, "that the tag as given is wrong, a token"))
        .append(_field("token_quality", floats, "score of the tag as given, a token, 1 = surely fine"))
        .append(_field("spans", pa.list_(SPAN), "given spans beside suggested ones, and what is wrong"))
    )


def with_text_spans(schema: pa.Schema) -> pa.Schema:
    """The published columns of texts with spans: those of the label, in characters."""
    spans = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])
    return schema.append(_field("text_spans", pa.list_(spans), "of the label, in characters of the text"))


def with_observed(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset whose labels are inferred: what was observed of each row."""
    return (
        schema.append(_field("label_kind", pa.string(), "what the row says: see dataset.label_kind"))
        .append(_field("observed", pa.list_(label_type), "the classes that it names"))
        .append(_field("observed_share", pa.list_(pa.float32()), "of each of them; 1 where none was given"))
    )


def with_likeliest(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset of so many classes that soft labels are of the likeliest alone."""
    of = "the classes that soft_label is of, the likeliest first, the given one among them"
    return schema.append(_field("soft_label_classes", pa.list_(label_type), of)).append(
        _field("soft_label_rest", pa.float32(), "P(the true label is another class than these)")
    )


def with_judges(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset about which judges were asked."""
    answer = "the class that most judges say; null: not asked, no answer, or none of the classes"
    score = "of the given label, by detection and judges: look at the lowest first; null: not asked"
    return schema.append(_field("judge_answer", label_type, answer, nullable=True)).append(
        _field("judge_score", pa.float32(), score, nullable=True)
    )


def with_sets(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset for which prediction sets were asked."""
    one = label_type.value_type if pa.types.is_list(label_type) else label_type
    about = "classes that the true label may be, at treat.prediction_sets.coverage; null: it can't be told"
    return schema.append(_field("prediction_set", pa.list_(one), about, nullable=True))


def described(schema: pa.Schema, classes: Sequence[str | int], task: str, run_id: str) -> pa.Schema:
    """A schema whose metadata says the order of the classes (JSON), the task and the run."""
    facts = {"classes": json.dumps(list(classes), ensure_ascii=False), "task": task, "run_id": run_id}
    return schema.with_metadata({f"labelworks.{name}": value for name, value in facts.items()})


def published_target_schema(label_type: pa.DataType) -> pa.Schema:
    """The published rows of the target window: pseudo-labels and posteriors at its class mix."""
    source = published_schema(label_type)
    return pa.schema(
        [
            source.field("id"),
            _field("label", label_type, "null: doubtful, or of no known class", nullable=True),
            _field("predicted", label_type, "the likeliest class at the target's class mix"),
            _field("source_prediction", label_type, "the likeliest class at the source's class mix"),
            *(TARGET.field(name) for name in ("confidence", "doubtful", "unknown", "posterior")),
            source.field("source_file").with_metadata({"about": "the file, relative to dataset.target"}),
            source.field("source_row"),
            source.field("run_id"),
        ]
    )


def with_pseudo_labels(schema: pa.Schema) -> pa.Schema:
    """The published columns of a target window for which pseudo-labels were asked."""
    return schema.append(
        _field("pseudo", pa.bool_(), "true: the label was predicted, nobody gave it; false: there is none")
    ).append(
        _field(
            "claim", pa.float32(), "P(predicted is right), if classes look as in the source; null: not told",
            nullable=True,
        )
    )  # fmt: skip
