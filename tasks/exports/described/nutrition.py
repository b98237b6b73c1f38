"""A nutrition label: what is in a version, in lines, for its report and its card.

After Holland et al. (2018), "The Dataset Nutrition Label": what one has to know before training on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from labelworks.schemas.percentages import percent
from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.shown.rows_by_id import in_digits
from labelworks.tasks.exports.described.contents import Contents


class NutritionLine(NamedTuple):
    """A fact: what it is, its value, and a remark that may be empty."""

    name: str
    value: str
    remark: str = ""


def nutrition(record: RunRecord, contents: Contents, rejected: int | None = None) -> list[NutritionLine]:
    """The label of a version. rejected: rows that were put aside before anything was looked at."""
    about = record.config.get("dataset", {}).get("about", {})
    return [
        *_rows(record, contents, rejected),
        *_classes(record, contents),
        *_noise(record, contents),
        *_weights(record, contents),
        *_shift(record),
        *_proof(record),
        *_origin(about),
    ]


def _of(part: int, whole: int) -> str:
    return f"{percent(part / whole)} of all" if whole else ""


def _rows(record: RunRecord, contents: Contents, rejected: int | None) -> Iterator[NutritionLine]:
    yield NutritionLine("rows", f"{contents.rows:,}")
    if rejected is not None:
        yield NutritionLine(
            "rows put aside as unusable", f"{rejected:,}", "without a label, an id or features"
        )
    if (found := record.embedding) and found.duplicate_share is not None:
        yield NutritionLine("rows that repeat another's content", percent(found.duplicate_share))
    if found and found.near_duplicate_share is not None:
        yield NutritionLine(
            "rows with a near duplicate", percent(found.near_duplicate_share), "by the vectors, beside these"
        )


def _classes(record: RunRecord, contents: Contents) -> Iterator[NutritionLine]:
    if contents.least is not None and contents.largest is not None:
        yield NutritionLine(
            "labels are numbers", f"{in_digits(contents.least)} to {in_digits(contents.largest)}"
        )
        return
    if not contents.labels:
        return
    ranked = contents.labels.most_common()
    absent = [name for name in map(str, record.classes) if name not in contents.labels]
    without = f"{len(absent)} more without a row" if absent else ""
    yield NutritionLine("classes", f"{len(ranked):,}", without)
    for title, (name, rows) in (("largest class", ranked[0]), ("smallest class", ranked[-1])):
        yield NutritionLine(title, name, f"{rows:,} rows, {_of(rows, contents.rows)}")
    if contents.unlabelled:
        yield NutritionLine(
            "rows of no class", f"{contents.unlabelled:,}", _of(contents.unlabelled, contents.rows)
        )


def _noise(record: RunRecord, contents: Contents) -> Iterator[NutritionLine]:
    noise, changed = record.noise, contents.changed
    if noise is not None and noise.rate is not None:
        low, high = noise.rate_interval
        between = "" if low is None or high is None else f"between {percent(low)} and {percent(high)}"
        yield NutritionLine("given labels that are wrong, estimated", percent(noise.rate), between)
    if noise is not None:
        yield NutritionLine("labels that look wrong", f"{noise.flagged:,}", _of(noise.flagged, contents.rows))
    yield NutritionLine("labels changed", f"{changed:,}", _of(changed, contents.rows))
    waiting = contents.actions["review"]
    yield NutritionLine("rows left for a person to review", f"{waiting:,}", _of(waiting, contents.rows))


def _weights(record: RunRecord, contents: Contents) -> Iterator[NutritionLine]:
    factors = ", ".join(factor.name for factor in record.treatment.factors) if record.treatment else ""
    remark = f"of all, by their weights{f' ({factors})' if factors else ''}"
    yield NutritionLine("effective rows", percent(contents.effective_share), remark)


def _shift(record: RunRecord) -> Iterator[NutritionLine]:
    if record.shift is not None:
        moved = percent(record.shift.total_variation)
        kind = f"kind of shift: {record.shift.kind}" if record.shift.kind else ""
        yield NutritionLine("class mix of the target window", f"moved by {moved}", kind)


def _proof(record: RunRecord) -> Iterator[NutritionLine]:
    proof = record.validation
    if proof is None:
        return
    if proof.why_given:
        yield NutritionLine("what it carries", "the labels as given", proof.why_given)
    elif proof.difference is not None:
        low, high = (None, None) if proof.interval is None else proof.interval
        between = (
            "" if low is None or high is None else f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
        )
        gained = f"{100 * proof.difference:+.1f} points of {proof.measure}".replace("-", "−")
        yield NutritionLine("gain of a model trained on it", gained, between.replace("-", "−"))


def _origin(about: Mapping[str, Any]) -> Iterator[NutritionLine]:
    for name, key in (("licence", "license"), ("source", "source"), ("made by", "creator")):
        yield NutritionLine(name, str(about.get(key) or "not said"))
