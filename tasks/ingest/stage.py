"""Ingest: which files there are, which rows can be used, what classes occur. Copies nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from time import perf_counter

import pyarrow as pa

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import IngestResult
from labelworks.schemas.suites import Suite, suites
from labelworks.schemas.tables import REJECTED
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import label_type_of
from labelworks.tasks.artifacts.rejected import refuse
from labelworks.tasks.artifacts.votes.rule_votes import Ruled
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.ingest.classes import classes_of, similar_classes
from labelworks.tasks.ingest.duplicate_ids import mark_duplicates
from labelworks.tasks.ingest.figures import ingest_figures
from labelworks.tasks.ingest.gate_rows import IndexedRows
from labelworks.tasks.ingest.label_sequences import refuse_sequences
from labelworks.tasks.ingest.learnable import label_type
from labelworks.tasks.ingest.rule_labels import ruled
from labelworks.tasks.ingest.scan_partition import Scan, scan_partition
from labelworks.tasks.ingest.tag_labels import scheme_key, with_scheme
from labelworks.tasks.ingest.votes.aggregate_votes import voted
from labelworks.tasks.methods.review.label_tree import LabelTree
from labelworks.tasks.planning.plan import Plan, empty
from labelworks.tasks.planning.rules import rule_source
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import votes_of
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.joined import common, read_type, written_type


@stage_task("ingest")
def ingest(run: Run, plans: dict[str, Plan]) -> IngestResult:
    """Index every partition of the planned windows; raise InputError where too many rows can't be used."""
    artifacts, source = run.artifacts, run.source
    if done := artifacts.result(IngestResult):
        return done
    started, gate = perf_counter(), suites("ingest", run.config.gates.ingest)
    source = with_scheme(source, plans["source"].partitions)
    asked = votes_of(run.config.dataset)
    crowd = voted(artifacts, source, asked, run.config.validation.margin) if asked else None
    by_rules = rule_source(run.config.dataset, label_type(source.columns.task, plans["source"]))
    rules = ruled(artifacts, source, plans["source"].partitions, by_rules) if by_rules else None
    made = crowd or rules
    votes = made[0] if made else None
    kept_as = votes.label_type if votes else _kept_as(source, plans["source"])
    seen = dict(_scanned(artifacts, source, plans, kept_as, gate.rows, votes))
    inside = {window: [scan for scan in of if _counts(source, window, scan)] for window, of in seen.items()}
    scans = [scan for of in inside.values() for scan in of]
    classes = classes_of(source, scans, votes, asked)
    if hierarchy := run.config.dataset.hierarchy:
        LabelTree.of(classes, hierarchy)  # a class without a place is refused here, not when people are asked
    ref = DatasetRef(
        run_id=artifacts.id, dataset=artifacts.dataset, uri=artifacts.store.url(artifacts.folder),
        classes=classes, label_type=kept_as, partitions=_partitions(artifacts, inside, kept_as),
        time_type=_time_type(scans), inferred=source.columns.inferred,
        tag_scheme=source.columns.tag_scheme if kept_as == "tags" else "",
    )  # fmt: skip
    by_window = {window: _rejected(artifacts, window, plan, seen[window]) for window, plan in plans.items()}
    rejected = pa.concat_tables(by_window.values())
    artifacts.store.write_table(artifacts.file("ingest", "rejected.parquet"), rejected)
    alike = similar_classes(scans, ref.tag_scheme)
    empty_files = sum(scan.empty_files for of in seen.values() for scan in of)
    figures = ingest_figures(
        ref, plans, scans, rejected, empty_files, len(alike), source.columns.mapping,
        crowd[1] if crowd else None, rules[1] if rules else None,
    )  # fmt: skip
    examples = {"similar_class_names": [str(names) for names in alike]}
    read = IndexedRows(artifacts, source, kept_as)
    checks = [
        *(
            check
            for window in plans
            for check in gates.check_whole("ingest", gate.rows, ref.of(window), read, window)
        ),
        *gates.check_figures("ingest", gates.flat(figures), gate.figures, examples),
    ]
    result = IngestResult(
        ref=ref,
        figures=figures,
        gate=gates.merge("ingest", [scan.checks for scan in scans], checks),
        work={"ingested_rows": sum(scan.rows for scan in scans if scan.new)},
        seconds=perf_counter() - started,
    )
    refuse(result.gate, by_window, figures, source.places)
    return artifacts.finish(result)


def _scanned(
    artifacts: Artifacts,
    source: Source,
    plans: dict[str, Plan],
    label_type: str,
    expected: Suite,
    votes: Voted | Ruled | None,
) -> Iterator[tuple[str, list[Scan]]]:
    """Window by window what was found in its partitions."""
    made_by = votes.key if votes else scheme_key(source.columns)
    for window, plan in plans.items():
        seen = map_partitions(
            "ingest", scan_partition, _made_by(plan.partitions, made_by, window), unit=f"{window} partitions",
            artifacts=artifacts, source=source, label_type=label_type, expected=expected, votes=votes,
        )  # fmt: skip
        _refuse_unusable(source, window, plan, seen)
        yield window, seen


def _refuse_unusable(source: Source, window: str, plan: Plan, seen: list[Scan]) -> None:
    """Raise InputError if no file of a window could be read, no row is there, or all are of another task."""
    if any(scan.partition.pieces for scan in seen):
        aside, usable = [scan.rejected for scan in seen], sum(scan.rows for scan in seen)
        refuse_sequences(aside, usable, source.places[window], source.columns.label)
        return
    for partition, scan in zip(plan.partitions, seen, strict=True):
        for file in scan.rejected.to_pylist():
            where = source.reader(partition).address(file["file"])
            fix = "write the file again, or leave it out of the source"
            raise InputError(file["reason"], where=where, fix=fix)
    raise empty(source.places[window], window)


def _counts(source: Source, window: str, found: Scan) -> bool:
    """Whether a partition is part of the run: one without files, or with no row in a window of time isn't."""
    if not found.partition.pieces:
        return False
    by_time = window == "source" and source.columns.time_window is not None
    return not by_time or found.rows > 0 or found.rejected.num_rows > 0


def _partitions(artifacts: Artifacts, scans: dict[str, list[Scan]], label_type: str) -> tuple[Partition, ...]:
    """The partitions of all windows, with how many of their rows have an id that occurred before."""
    marked = (
        mark_duplicates(artifacts, window, [(scan.partition, scan.rows) for scan in of], label_type)
        for window, of in scans.items()
    )
    return tuple(chain.from_iterable(marked))


def _time_type(scans: list[Scan]) -> str:
    """The one type in which the times of all rows are published; empty where there are none."""
    kinds = [read_type(scan.time) for scan in scans if scan.time]
    return written_type(common(kinds)) if kinds else ""


def _made_by(partitions: list[Partition], key: str, window: str) -> list[Partition]:
    """The partitions, named too by the votes, or the scheme of tags, that their labels are made by."""
    if not key or window != "source":
        return partitions
    return [partition.model_copy(update={"votes": key}) for partition in partitions]


def _kept_as(source: Source, plan: Plan) -> str:
    """How labels are kept; inferred ones as the config spells the classes."""
    if source.columns.observed is None:
        return label_type(source.columns.task, plan)
    return label_type_of(source.columns.classes or ())


def _rejected(artifacts: Artifacts, window: str, plan: Plan, scans: list[Scan]) -> pa.Table:
    """Everything of a window that is put aside: files, rows, and rows whose id occurred before."""
    files = pa.Table.from_pylist(plan.rejected, schema=REJECTED)
    rows = [scan.rejected for scan in scans]
    again = artifacts.store.read_table(artifacts.file("ingest", f"duplicates-{window}.parquet"))
    return pa.concat_tables([files, *rows, again])
