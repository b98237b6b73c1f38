"""What is published: plain parquet that any trainer reads; each field says what it is about."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from labelworks.schemas.tables.scores import SPAN
from labelworks.schemas.tables.treated import ACTIONS, TARGET, column, factor_fields


def published_schema(label_type: pa.DataType, factors: Sequence[str] = ()) -> pa.Schema:
    """The published dataset: plain parquet that any trainer reads; each field says what it is about.

    factors: of the weights, each a column behind the others.
    """
    floats = pa.list_(pa.float32())
    return pa.schema(
        [
            column("id", pa.string(), "of dataset.id; by default the file and the row: file#row"),
            column("label", label_type, "the label to train on, after treatment"),
            column(
                "original_label",
                label_type,
                "the label as given, as made of votes, or drawn of what was observed alone",
            ),
            column("action", pa.string(), f"{', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}"),
            column("reason", pa.string(), "why that action, and why that weight"),
            column(
                "suggestion",
                label_type,
                "the likeliest right label where the given one is doubted; null: it isn't, or none fits",
                nullable=True,
            ),
            column("weight", pa.float32(), "for training: the product of its factors, clipped, of mean 1"),
            column(
                "soft_label",
                floats,
                "P(true label) by class, in the order of labelworks.classes in the schema's metadata, over "
                "256 classes of those in soft_label_classes; of a multilabel row P(it has the class); null: "
                "numbers, or label sets of more than 256 classes",
                nullable=True,
            ),
            column(
                "quality", pa.float32(), "score of the given label in [0, 1], 1 = surely fine", nullable=True
            ),
            column(
                "pair_mismatch",
                pa.float32(),
                "P(the row's two vectors don't belong together); null: no pair",
                nullable=True,
            ),
            column("source_file", pa.string(), "the file that the row is from, relative to dataset.source"),
            column("source_row", pa.int64(), "its place in the file, from 0"),
            column("run_id", pa.string(), "the run that published it"),
            *factor_fields(factors),
        ]
    )


def with_tags(schema: pa.Schema) -> pa.Schema:
    """The published columns of tags of tokens: of each token and of each span, beside the sentence's."""
    soft = "P(true tag) by class, in the order of labelworks.classes, a list a token; null: over 256 classes"
    floats = pa.list_(pa.float32())
    place = schema.names.index("soft_label")
    return (
        schema.set(place, column("soft_label", pa.list_(floats), soft, nullable=True))
        .append(column("token_flag", pa.list_(pa.bool_()), "whether another tag is suggested, a token"))
        .append(column("token_error_probability", floats, "that the tag as given is wrong, a token"))
        .append(column("token_quality", floats, "score of the tag as given, a token, 1 = surely fine"))
        .append(column("spans", pa.list_(SPAN), "given spans beside suggested ones, and what is wrong"))
    )


def with_text_spans(schema: pa.Schema) -> pa.Schema:
    """The published columns of texts with spans: those of the label, in characters."""
    spans = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])
    return schema.append(column("text_spans", pa.list_(spans), "of the label, in characters of the text"))


def with_observed(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset whose labels are inferred: what was observed of each row."""
    return (
        schema.append(column("label_kind", pa.string(), "what the row says: see dataset.label_kind"))
        .append(column("observed", pa.list_(label_type), "the classes that it names"))
        .append(column("observed_share", pa.list_(pa.float32()), "of each of them; 1 where none was given"))
    )


def with_likeliest(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset of so many classes that soft labels are of the likeliest alone."""
    of = "the classes that soft_label is of, the likeliest first, the given one among them"
    return schema.append(column("soft_label_classes", pa.list_(label_type), of)).append(
        column("soft_label_rest", pa.float32(), "P(the true label is another class than these)")
    )


def with_judges(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset about which judges were asked."""
    answer = "the class that most judges say; null: not asked, no answer, or none of the classes"
    score = "of the given label, by detection and judges: look at the lowest first; null: not asked"
    return schema.append(column("judge_answer", label_type, answer, nullable=True)).append(
        column("judge_score", pa.float32(), score, nullable=True)
    )


def with_sets(schema: pa.Schema, label_type: pa.DataType) -> pa.Schema:
    """The published columns of a dataset for which prediction sets were asked."""
    one = label_type.value_type if pa.types.is_list(label_type) else label_type
    about = "classes that the true label may be, at treat.prediction_sets.coverage; null: it can't be told"
    return schema.append(column("prediction_set", pa.list_(one), about, nullable=True))


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
            column("label", label_type, "null: doubtful, or of no known class", nullable=True),
            column("predicted", label_type, "the likeliest class at the target's class mix"),
            column("source_prediction", label_type, "the likeliest class at the source's class mix"),
            *(TARGET.field(name) for name in ("confidence", "doubtful", "unknown", "posterior")),
            source.field("source_file").with_metadata({"about": "the file, relative to dataset.target"}),
            source.field("source_row"),
            source.field("run_id"),
        ]
    )


def with_pseudo_labels(schema: pa.Schema) -> pa.Schema:
    """The published columns of a target window for which pseudo-labels were asked."""
    return schema.append(
        column("pseudo", pa.bool_(), "true: the label was predicted, nobody gave it; false: there is none")
    ).append(
        column(
            "claim", pa.float32(), "P(predicted is right), if classes look as in the source; null: not told",
            nullable=True,
        )
    )  # fmt: skip
