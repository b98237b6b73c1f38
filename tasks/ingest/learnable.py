"""What can't be learnt from, by the labels' counts alone; seen in the columns before anything is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import GateRefused, InputError
from labelworks.schemas.records import Partition
from labelworks.schemas.suites import Suite
from labelworks.tasks.artifacts.index import Index
from labelworks.tasks.artifacts.rejected import mending
from labelworks.tasks.artifacts.votes.vote_files import VoteSource
from labelworks.tasks.ingest.renamed_classes import refuse_unknown
from labelworks.tasks.ingest.scan import count_classes, scan
from labelworks.tasks.planning.plan import Plan
from labelworks.tasks.sources.given_labels import LEAST_ROWS
from labelworks.tasks.sources.source import Source

LabelType = Literal["int", "string", "list", "number", "tags"]
MOST_ROWS = 200_000  # that are looked at before anything is started, where files say how many they have
MOST_BYTES = 32 << 20  # of files that don't
NARROW = 1e-5  # of their size that numbers differ by: of less, single precision keeps too little


@dataclass
class LearnableLabels:
    """Labels that occur, as often as they do (numbers: both ends); reasons of rows put aside."""

    rows: int = 0
    counts: Counter[str | int] = field(default_factory=Counter)
    numbers: set[float] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    renamed: Counter[str] = field(default_factory=Counter)

    def add(self, found: Index) -> None:
        """Count the rows of another partition."""
        label = found.rows["label"]
        self.rows += found.rows.num_rows
        if pa.types.is_floating(label.type) and len(label):
            ends = {*self.numbers, *pc.min_max(label).as_py().values()}
            self.numbers = {min(ends), max(ends)}
        self.counts += count_classes(label)
        self.reasons += Counter(found.rejected["reason"].to_pylist())
        self.renamed += Counter(found.renamed)


def refuse_labels(
    source: Source, counts: Mapping[str | int, int], reasons: Counter[str], votes: VoteSource | None = None
) -> None:
    """Raise InputError where nothing can be learnt from classes that occur so often.

    reasons: why rows were put aside, and how many. votes: those that labels are made of, if they are.
    """
    asked, place = source.columns, source.places["source"]
    column = votes.label if votes else asked.label or (asked.observed.shares if asked.observed else None)
    where = f"{place}, column {column!r}" if column else f"{place}, by dataset.rules"
    rows = sum(counts.values())
    if rows < min(LEAST_ROWS * max(len(counts), 2), reasons.total()):
        some = "no row" if not rows else f"only {rows:,} of {rows + reasons.total():,} rows"
        reason = reasons.most_common(1)[0][0]
        if reason.startswith(("time", "pred_probs", "null pred_probs")):  # labels are as good as any
            raise InputError(f"{some} can be used ({reason})", where=place, fix=mending(reason))
        raise InputError(
            f"{some} {'have' if rows else 'has'} a label that can be used ({reason})",
            where=where,
            fix=mending(reason) or _mend(votes, reason, imprecise=asked.observed is not None),
        )
    if not counts and asked.task == "multilabel":
        raise InputError("no row has a class in its list", where=where, fix="check dataset.label")
    if not counts:
        window = asked.time_window
        empty = f"no row has a time that begins with {window!r}" if window else "the dataset is empty: no row"
        raise InputError(empty, where=place)
    if len(counts) == 1:
        check = "check dataset.label" if column else "write rules of every class, or look for others"
        aside, fix = "", check
        if reasons:
            reason = reasons.most_common(1)[0][0]
            aside = f" ({reasons.total():,} rows are put aside: {reason})"
            fix = mending(reason) or check
        raise InputError(
            f"every row has the label {next(iter(counts))!r}{aside}: one class only, there is nothing to "
            "tell apart",
            where=where,
            fix=fix,
        )
    if rows < LEAST_ROWS * len(counts):
        raise InputError(
            f"{len(counts):,} different labels in {rows:,} rows, as an id has: most occur once, and nothing "
            "can be learnt from them",
            where=where,
            fix="name the column of the classes in dataset.label; of numbers, set dataset.task: regression",
        )


def refuse_full_sets(source: Source, counts: Mapping[str | int, int], rows: int) -> None:
    """Raise InputError where every row has all the classes of label sets that occur."""
    if source.columns.task == "multilabel" and counts and set(counts.values()) == {rows}:
        raise InputError(
            f"every row has all of the {len(counts):,} classes: there is nothing to tell apart",
            where=f"{source.places['source']}, column {source.columns.label!r}",
            fix="check dataset.label",
        )


def _refuse_numbers(where: str, numbers: set[float]) -> None:
    """Raise InputError where numbers are the same, or differ by too little for where they lie."""
    low, high = min(numbers), max(numbers)
    if low == high:
        raise InputError(
            f"every row has the label {low:.6g}: there is nothing to foretell",
            where=where,
            fix="check dataset.label",
        )
    if high - low < NARROW * max(abs(low), abs(high)):
        raise InputError(
            f"labels lie between {low:.12g} and {high:.12g}, too far from zero for single precision to tell "
            "them apart well",
            where=where,
            fix=f"subtract {low:.12g} from all of them",
        )


def _mend(votes: VoteSource | None, reason: str, *, imprecise: bool) -> str:
    """What to do where most labels can't be used for that reason."""
    if imprecise:
        return "check dataset.label_kind, classes and the columns that go with it (label, shares, bag)"
    if votes is not None:
        ids = f"{votes.item!r} of {votes.source} holds the ids of the rows (dataset.id)"
        return f"check that {ids}, written as they are there: 7.0 or 007 is not 7"
    if "whole number" in reason:
        return "name the column of the classes in dataset.label; of numbers, set dataset.task: regression"
    return "check dataset.label and dataset.classes"


def look_ahead(source: Source, plans: Mapping[str, Plan], proof: Suite) -> None:
    """Read the labels, of large data some, and refuse what no run can learn from, before any server starts.

    proof: what the gate after validate asks of figures. Raises InputError, or GateRefused where there are
    fewer rows than are to be held out, which all of them are in turn. Labels made of votes or rules, or
    inferred, are not looked at.
    """
    columns = source.columns
    if not columns.label or columns.rule_texts or columns.rule_values or columns.observed:
        return
    bare = replace(source, columns=replace(source.columns, pred_probs=None, pair=None))
    plan, seen = plans["source"], LearnableLabels()
    looked_at = _some(plan.partitions)
    for partition in looked_at:
        scanned = scan(partition, bare, label_type(source.columns.task, plan))
        if scanned.rejected["row"].null_count:
            return  # a file can't be read: ingest says which
        seen.add(scanned)
    if len(looked_at) == len(plan.partitions):
        _refuse_all(source, seen, proof)
    elif len(seen.counts) == seen.rows >= MOST_ROWS:
        refuse_labels(source, seen.counts, seen.reasons)


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


def label_type(task: str, plan: Plan) -> LabelType:
    """How labels are kept: of a column of nulls, as strings."""
    kinds: dict[str, LabelType] = {"multilabel": "list", "regression": "number", "tokens": "tags"}
    return kinds.get(task, "int" if plan.label_type == "int" else "string")


def _refuse_all(source: Source, seen: LearnableLabels, proof: Suite) -> None:
    """What all rows together are refused for."""
    place, asked = source.places["source"], source.columns
    refuse_unknown(asked.mapping, seen.renamed, seen.counts)
    if asked.task != "regression":
        refuse_labels(source, seen.counts, seen.reasons)
        refuse_full_sets(source, seen.counts, seen.rows)
    elif seen.numbers:
        _refuse_numbers(f"{place}, column {asked.label!r}", seen.numbers)
    if not seen.reasons:
        _refuse_few(place, seen, proof)


def _refuse_few(place: str, seen: LearnableLabels, proof: Suite) -> None:
    """Raise GateRefused where the gate after validate would refuse so few rows anyway."""
    gate = next(expectation for expectation in proof.expect if expectation.name == "min_holdout_rows")
    least = gate.kwargs["min_value"]
    if gate.severity == "error" and seen.rows < least:
        raise GateRefused(
            f"{gate.says}: it has {seen.rows:,} rows, {least:g} is the least",
            where=f"{place}, before the gate after validate",
            fix="give more rows, or, to publish what can't be proven, lower "
            "gates.validate.thresholds.min_holdout_rows",
        )
