"""A dataset card as the Hugging Face hub shows it: README.md with YAML at its head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from labelworks.tasks.exports.base import Version
from labelworks.tasks.exports.described.facts import Facts, facts_of
from labelworks.tasks.exports.described.markdown import escape, table
from labelworks.tasks.exports.described.nutrition import NutritionLine

NAME = "README.md"
SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M",
         10_000_000: "1M<n<10M", 100_000_000: "10M<n<100M", 1_000_000_000: "100M<n<1B"}  # fmt: skip
CATEGORIES = {
    ("text", "regression"): "text-classification",  # the hub has no other for scores of texts
    ("image", "classification"): "image-classification", ("image", "multilabel"): "image-classification",
    ("text", "classification"): "text-classification", ("text", "multilabel"): "text-classification",
    ("columns", "classification"): "tabular-classification", ("columns", "regression"): "tabular-regression",
}  # fmt: skip
DTYPES = {"double": "float64", "float": "float32"}
CLASSES = 100  # listed with their rows


def address(version: Version) -> str:
    """Where the card is."""
    return version.store.url(_name(version))


def done(version: Version) -> bool:
    """Whether it is written."""
    return version.store.exists(_name(version))


def write(version: Version) -> None:
    """Write the card beside the published parts, which it names: the run's folder is a dataset of the hub."""
    version.store.write(_name(version), card(facts_of(version)).encode())


def card(facts: Facts) -> str:
    """The card of a version."""
    head = yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=110)
    return f"---\n{head}---\n\n" + "\n".join(_body(facts)) + "\n"


def front_matter(facts: Facts) -> dict[str, Any]:
    """The YAML at its head: what the hub filters by, and which files are which split."""
    about = facts.about
    category = CATEGORIES.get((facts.kind, facts.task))
    given = {
        "license": str(about.get("license") or ""),
        "language": list(about.get("language") or ()),
        "pretty_name": facts.title,
        "size_categories": [_size(facts.contents.rows)],
        "task_categories": [category] if category else [],
        "task_ids": [f"multi-label-{facts.kind}-classification"]
        if facts.task == "multilabel" and facts.kind == "image" else [],
        "tags": ["labelworks", "label-noise"],
        "configs": [{"config_name": "default", "data_files": f"{facts.folder}/*.parquet"}],
        "dataset_info": {"features": _features(facts)},
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}


def _body(facts: Facts) -> Iterator[str]:
    record, about = facts.record, facts.about
    yield f"# {escape(facts.title)}\n"
    if about.get("description"):
        yield f"{escape(about['description'])}\n"
    number = "" if record.version is None else f"Version {record.version} of "
    made = f"published by Labelworks {escape(record.code_version)}, run `{record.run_id}`"
    yield f"{number}{escape(record.dataset)}, {made}.\n"
    yield "## What is in it\n"
    yield table(NutritionLine._fields, facts.nutrition) + "\n"
    if facts.contents.labels:
        yield "## Classes\n"
        ranked = facts.contents.labels.most_common(CLASSES)
        yield table(("class", "rows"), [(name, f"{rows:,}") for name, rows in ranked]) + "\n"
    yield "## Columns\n"
    yield table(("column", "type", "what it is"), facts.columns) + "\n"
    yield "## How it was made\n"
    yield "\n".join(f"- {sentence}" for sentence in _made(facts)) + "\n"
    if about.get("citation"):
        yield f"## Citation\n\n{escape(about['citation'])}\n"


def _made(facts: Facts) -> Iterator[str]:
    record = facts.record
    if record.noise:
        yield f"Wrong labels were looked for by the method {escape(record.noise.method)}, out of sample."
    if record.treatment:
        yield f"Treatment: {escape(record.treatment.mode)}. `original_label` has every label as it was given."
    if proof := record.validation:
        rows = f"{proof.holdout_rows:,} held-out rows"
        yield f"A model of the given and one of the treated labels were compared on {rows}."
    yield "`weight` is for training; `soft_label` is the estimated probability of each class."
    yield "Estimates of wrong labels rest on a model of the features: what these don't tell isn't found."


def _size(rows: int) -> str:
    return next((name for limit, name in SIZES.items() if rows < limit), "1B<n<10B")


def _features(facts: Facts) -> list[dict[str, Any]]:
    return [_feature(name, kind) for name, kind, _ in facts.columns]


def _feature(name: str, kind: str) -> dict[str, Any]:
    inner = re.fullmatch(r"list<\w+: (.*)>", kind)
    if inner:
        return {"name": name, "list": _inner(inner[1])}
    return {"name": name, "dtype": DTYPES.get(kind, kind)}


def _inner(kind: str) -> str | dict[str, Any] | list[dict[str, Any]]:
    """What lists are of: values, lists, or structs."""
    if listed := re.fullmatch(r"list<\w+: (.*)>", kind):
        return {"list": _inner(listed[1])}
    if struct := re.fullmatch(r"struct<(.*)>", kind):
        return [_feature(*field.split(": ", 1)) for field in struct[1].split(", ")]
    return DTYPES.get(kind, kind)


def _name(version: Version) -> str:
    return f"{version.folder}/{NAME}"
