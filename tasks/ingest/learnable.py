"""What can't be learnt from, by the labels' counts alone; seen in the columns before anything is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.config.dataset import DatasetConfig
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import GateRefused, InputError
from labelworks.schemas.records import Partition
from labelworks.schemas.suites import suites
from labelworks.tasks.artifacts.index import Index
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.methods.folds import HOLDOUT, fold_of
from labelworks.tasks.planning.plan import Plan

LabelType = Literal["int", "string", "list", "number"]
MOST_ROWS = 200_000  # that are looked at before anything is started, where files say how many they have
MOST_BYTES = 32 << 20  # of files that don't
LEAST_ROWS = 2  # a class has on average: of one row nothing can be held out


@dataclass
class Labels:
    """Labels that occur, as often as they do (numbers: the first two values); reasons of rows put aside."""

    rows: int = 0
    held_out: int = 0
    counts: Counter[str | int] = field(default_factory=Counter)
    numbers: set[float] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, found: Index, folds: int) -> None:
        """Count the rows of another partition."""
        label = found.rows["label"]
        self.rows += found.rows.num_rows
        if pa.types.is_floating(label.type):
            self.numbers |= set(pc.unique(label).slice(0, 2).to_pylist())
        self.counts += count_classes(label)
        self.held_out += int(np.count_nonzero(fold_of(found.rows["hash"].to_numpy(), folds) == HOLDOUT))
        self.reasons += Counter(found.rejected["reason"].to_pylist())


def count_classes(labels: pa.ChunkedArray) -> Counter[str | int]:
    """How often each class occurs in labels; numbers are none."""
    if pa.types.is_floating(labels.type):
        return Counter()
    flat = pc.list_flatten(labels) if pa.types.is_list(labels.type) else labels.drop_null()
    return Counter({each["values"]: each["counts"] for each in pc.value_counts(flat).to_pylist()})


def refuse_labels(config: RunConfig, counts: Mapping[str | int, int], reasons: Counter[str]) -> None:
    """Raise InputError where nothing can be learnt from classes that occur so often.

    reasons: why rows were put aside, and how many.
    """
    data = config.dataset
    where = f"{data.source}, column {data.label or data.votes.label!r}"
    rows = sum(counts.values())
    if rows < min(LEAST_ROWS * max(len(counts), 2), reasons.total()):
        some = "no row has" if not rows else f"only {rows:,} of {rows + reasons.total():,} rows have"
        reason = reasons.most_common(1)[0][0]
        raise InputError(f"{some} a label that can be used ({reason})", where=where, fix=_mend(data, reason))
    if not counts and data.task == "multilabel":
        raise InputError("no row has a class in its list", where=where, fix="check dataset.label")
    if not counts:
        window = data.time_window
        empty = f"no row has a time that begins with {window!r}" if window else "the dataset is empty: no row"
        raise InputError(empty, where=data.source)
    if len(counts) == 1:
        raise InputError(
            f"every row has the label {next(iter(counts))!r}: one class only, there is nothing to tell apart",
            where=where,
            fix="check dataset.label",
        )
    if rows < LEAST_ROWS * len(counts):
        raise InputError(
            f"{len(counts):,} different labels in {rows:,} rows, as an id has: most occur once, and nothing "
            "can be learnt from them",
            where=where,
            fix="name the column of the classes in dataset.label; of numbers, set dataset.task: regression",
        )


def _mend(data: DatasetConfig, reason: str) -> str:
    """What to do where most labels can't be used for that reason."""
    if data.votes.source:
        return f"check that {data.votes.item!r} of {data.votes.source} holds the ids of the rows (dataset.id)"
    if "whole number" in reason:
        return "name the column of the classes in dataset.label; of numbers, set dataset.task: regression"
    return "check dataset.label and dataset.classes"


def look_ahead(run: Run, plans: Mapping[str, Plan]) -> None:
    """Read the labels, of large data some, and refuse what no run can learn from, before any server starts.

    Raises InputError, or GateRefused where fewer rows would be held out than the gate after validate asks
    for. Labels made of votes are not looked at.
    """
    if not run.config.dataset.label:
        return
    data = run.config.dataset.model_copy(update={"pred_probs": None, "pair": None})
    bare = replace(run, config=run.config.model_copy(update={"dataset": data}))
    plan, seen = plans["source"], Labels()
    looked_at = _some(plan.partitions)
    for partition in looked_at:
        found = scan(partition, bare, label_type(run.config, plan))
        if found.rejected["row"].null_count:
            return  # a file can't be read: ingest says which
        seen.add(found, run.config.detect.folds)
    if len(looked_at) == len(plan.partitions):
        _refuse_all(run.config, seen)
    elif len(seen.counts) == seen.rows >= MOST_ROWS:
        refuse_labels(run.config, seen.counts, seen.reasons)


def _some(partitions: list[Partition]) -> list[Partition]:
    """The first ones, up to so many rows or bytes."""
    kept: list[Partition] = []
    rows = size = 0
    for partition in partitions:
        rows, size = rows + partition.rows, size + (0 if partition.rows else partition.size)
        if kept and (rows > MOST_ROWS or size > MOST_BYTES):
            break
        kept.append(partition)
    return kept


def label_type(config: RunConfig, plan: Plan) -> LabelType:
    """How labels are kept: of a column of nulls, as strings."""
    kinds: dict[str, LabelType] = {"multilabel": "list", "regression": "number"}
    return kinds.get(config.dataset.task, "int" if plan.label_type == "int" else "string")


def _refuse_all(config: RunConfig, seen: Labels) -> None:
    """What all rows together are refused for."""
    if config.dataset.task != "regression":
        refuse_labels(config, seen.counts, seen.reasons)
    elif len(seen.numbers) == 1 and not seen.reasons:
        raise InputError(
            f"every row has the label {seen.numbers.pop():.6g}: there is nothing to foretell",
            where=f"{config.dataset.source}, column {config.dataset.label!r}",
            fix="check dataset.label",
        )
    if config.dataset.task == "classification" and not seen.reasons:
        _refuse_few(config, seen)


def _refuse_few(config: RunConfig, seen: Labels) -> None:
    """Raise GateRefused where the gate after validate would refuse so few held-out rows anyway."""
    expected = suites("validate", config.gates.validation).figures.expect
    gate = next(each for each in expected if each.name == "min_holdout_rows")
    least = gate.kwargs["min_value"]
    if gate.severity == "error" and seen.held_out < least:
        raise GateRefused(
            f"{gate.says}: of {seen.rows:,} rows {seen.held_out:,} would be held out, {least:g} is the least",
            where=f"{config.dataset.source}, before the gate after validate",
            fix="give more rows, or, to publish what can't be proven, lower "
            "gates.validate.thresholds.min_holdout_rows",
        )
