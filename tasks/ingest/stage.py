"""Ingest: which files there are, which rows can be used, what classes occur. Copies nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import CrowdFindings, IngestFigures
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import IngestResult
from labelworks.schemas.suites import Suite, suites
from labelworks.schemas.tables import REJECTED
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import read_index, share_index
from labelworks.tasks.artifacts.label_codes import label_type_of, spelled
from labelworks.tasks.artifacts.rejected import refuse
from labelworks.tasks.artifacts.votes.rule_votes import Ruled
from labelworks.tasks.artifacts.votes.vote_files import VoteSource
from labelworks.tasks.artifacts.votes.voted_labels import Voted
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.ingest.aggregate_votes import voted
from labelworks.tasks.ingest.duplicate_ids import mark_duplicates
from labelworks.tasks.ingest.gate_rows import CHECKED, IndexedRows, with_kinds, with_source_columns
from labelworks.tasks.ingest.label_sequences import refuse_sequences, refuse_tags
from labelworks.tasks.ingest.learnable import label_type, refuse_labels
from labelworks.tasks.ingest.observed_labels import refuse_unlabelled
from labelworks.tasks.ingest.renamed_classes import refuse_unknown, renamed_classes
from labelworks.tasks.ingest.rule_labels import ruled
from labelworks.tasks.ingest.scan import count_classes, write_index
from labelworks.tasks.ingest.tag_labels import by_type, scheme_key, tag_classes, with_scheme
from labelworks.tasks.methods.label_space import ClassFinding
from labelworks.tasks.methods.label_space.similar_names import similar_names
from labelworks.tasks.methods.review.label_tree import LabelTree
from labelworks.tasks.planning.plan import Plan, empty
from labelworks.tasks.planning.rules import rule_source
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import votes_of
from labelworks.tasks.sources.class_mapping import ASIDE
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.joined import common, read_type, written_type


@dataclass(frozen=True)
class Scan:
    """What was found in one partition; partition: without pieces that can't be used or have no row."""

    partition: Partition
    rows: int
    labels: Counter[str | int]
    renamed: Counter[str]
    rejected: pa.Table
    empty_files: int
    time: str
    new: bool
    checks: list[gates.RowCheck]
    kinds: Counter[str | int] = field(default_factory=Counter)
    mended: int = 0


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
    partitions: list[Partition] = []
    scans: list[Scan] = []
    all_scans: list[Scan] = []
    for window, plan in plans.items():
        scanned_parts = map_partitions(
            "ingest",
            scan_partition,
            _made_by(plan.partitions, votes.key if votes else scheme_key(source.columns), window),
            unit=f"{window} partitions",
            artifacts=artifacts,
            source=source,
            label_type=kept_as,
            expected=gate.rows,
            votes=votes,
        )
        _refuse_nothing(source, window, plan, scanned_parts)
        put_aside, usable = (
            [scan.rejected for scan in scanned_parts],
            sum(scan.rows for scan in scanned_parts),
        )
        refuse_sequences(put_aside, usable, source.places[window], source.columns.label)
        inside = [scan for scan in scanned_parts if _counts(source, window, scan)]
        partitions += mark_duplicates(
            artifacts, window, [(scan.partition, scan.rows) for scan in inside], kept_as
        )
        scans += inside
        all_scans += scanned_parts
    classes = _classes(source, scans, votes, asked)
    if hierarchy := run.config.dataset.hierarchy:
        LabelTree.of(classes, hierarchy)  # a class without a place is refused here, not when people are asked
    ref = DatasetRef(
        run_id=artifacts.id, dataset=artifacts.dataset, uri=artifacts.store.url(artifacts.folder),
        classes=classes, label_type=kept_as, partitions=tuple(partitions), time_type=_time_type(scans),
        inferred=source.columns.inferred,
        tag_scheme=source.columns.tag_scheme if kept_as == "tags" else "",
    )  # fmt: skip
    by_window = {window: _rejected(artifacts, window, plan, all_scans) for window, plan in plans.items()}
    rejected = pa.concat_tables(by_window.values())
    artifacts.store.write_table(artifacts.file("ingest", "rejected.parquet"), rejected)
    alike = _similar_names(scans, ref.tag_scheme)
    empty_files = sum(scan.empty_files for scan in all_scans)
    renamed = renamed_classes(source.columns.mapping, _renamed(scans))
    figures = _figures(ref, plans, scans, rejected, empty_files, len(alike), crowd[1] if crowd else None)
    beside: dict[str, object] = {"renamed_classes": renamed, "rules": rules[1] if rules else None}
    if ref.inferred:
        beside |= {"label_kinds": _kinds(scans), "smallest_class": None}
    figures = figures.model_copy(update=beside)
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


def _refuse_nothing(source: Source, window: str, plan: Plan, found: list[Scan]) -> None:
    """Raise InputError if no file of a window could be read, or none of them has a row."""
    if any(scan.partition.pieces for scan in found):
        return
    for partition, scan in zip(plan.partitions, found, strict=True):
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


def _time_type(scans: list[Scan]) -> str:
    """The one type in which the times of all rows are published; empty where there are none."""
    kinds = [read_type(scan.time) for scan in scans if scan.time]
    return written_type(common(kinds)) if kinds else ""


def _made_by(partitions: list[Partition], key: str, window: str) -> list[Partition]:
    """The partitions, named too by the votes, or the scheme of tags, that their labels are made by."""
    if not key or window != "source":
        return partitions
    return [partition.model_copy(update={"votes": key}) for partition in partitions]


def scan_partition(
    partition: Partition, artifacts: Artifacts, source: Source, label_type: str, expected: Suite,
    votes: Voted | Ruled | None = None,
) -> Scan:  # fmt: skip
    """Index one partition, or find its index made before."""
    written = write_index(artifacts, source, partition, label_type, votes)
    scanned = written or read_index(artifacts, partition, label_type, CHECKED)
    kept, index = partition.leaving_out(scanned.left_out), scanned.rows.select(CHECKED)
    share_index(artifacts, partition, kept, label_type)
    labels = count_classes(index["label"])
    index = with_kinds(index, artifacts, source, partition, label_type)
    kinds = count_classes(index["label"]) if source.columns.inferred else Counter()
    names = gates.rowwise(expected.of(partition.window)).source_columns
    rows = with_source_columns(index, source, kept, names)
    checks = gates.check_rows(rows, expected, window=partition.window)
    return Scan(
        kept, index.num_rows, labels, Counter(scanned.renamed), scanned.rejected, scanned.empty, scanned.time,
        written is not None, checks, kinds, scanned.mended,
    )  # fmt: skip


def _kept_as(source: Source, plan: Plan) -> str:
    """How labels are kept; inferred ones as the config spells the classes."""
    if source.columns.observed is None:
        return label_type(source.columns.task, plan)
    return label_type_of(source.columns.classes or ())


def _kinds(scans: list[Scan]) -> dict[str, int]:
    """Rows of each kind of label."""
    counts = reduce(add, (scan.kinds for scan in scans), Counter[str | int]())
    return {str(kind): rows for kind, rows in counts.items()}


def _classes(
    source: Source, scans: list[Scan], votes: Voted | Ruled | None, asked: VoteSource | None
) -> tuple[str | int, ...]:
    """The classes of the config, or those that occur; raise InputError if nothing can be learnt of them."""
    counts = reduce(add, (scan.labels for scan in scans), Counter[str | int]())
    task, listed = source.columns.task, source.columns.classes
    if task == "regression" and any(scan.rows for scan in scans):
        return ()
    if source.columns.observed is not None and any(scan.rows for scan in scans):
        refuse_unlabelled(_kinds(scans), source.places["source"])
        return spelled(listed or (), label_type_of(listed or ()))
    reasons = Counter(reason for scan in scans for reason in scan.rejected["reason"].to_pylist())
    refuse_unknown(source.columns.mapping, _renamed(scans), counts)
    refuse_labels(source, counts, reasons, asked)
    if votes is not None:
        return votes.classes
    if task == "tokens":
        return tag_classes(listed, counts, source.columns.tag_scheme)
    if task == "multilabel":
        refuse_tags(counts, source.places["source"], source.columns.label)
    if task == "multilabel" and listed is not None:
        return tuple(map(str, listed))
    if listed is not None:
        kind = type(next(iter(counts)))
        return tuple(kind(name) for name in listed)
    return tuple(sorted(counts))


def _renamed(scans: list[Scan]) -> Counter[str]:
    """Labels by the old names that dataset.class_mapping names."""
    return reduce(add, (scan.renamed for scan in scans), Counter[str]())


def _similar_names(scans: list[Scan], scheme: str) -> list[ClassFinding]:
    """Classes that look like one; numbers never do. Of tags of a scheme, types."""
    counts = by_type(reduce(add, (scan.labels for scan in scans), Counter[str | int]()), scheme)
    return similar_names({name: rows for name, rows in counts.items() if isinstance(name, str)})


def _rejected(artifacts: Artifacts, window: str, plan: Plan, scans: list[Scan]) -> pa.Table:
    """Everything of a window that is put aside: files, rows, and rows whose id occurred before."""
    files = pa.Table.from_pylist(plan.rejected, schema=REJECTED)
    rows = [scan.rejected for scan in scans if scan.partition.window == window]
    again = artifacts.store.read_table(artifacts.file("ingest", f"duplicates-{window}.parquet"))
    return pa.concat_tables([files, *rows, again])


def _occurring(ref: DatasetRef, counts: Counter[str | int]) -> tuple[str | int, ...]:
    """The classes; of tags those that occur: others are there so that each span can be written."""
    return tuple(name for name in ref.classes if counts[name] or ref.label_type != "tags")


def _figures(
    ref: DatasetRef,
    plans: dict[str, Plan],
    scans: list[Scan],
    rejected: pa.Table,
    empty_files: int,
    similar_class_names: int,
    crowd: CrowdFindings | None,
) -> IngestFigures:
    duplicates = sum(partition.duplicates for partition in ref.partitions)
    files = rejected["row"].null_count
    usable = sum(scan.rows for scan in scans) - duplicates
    rows = rejected.num_rows - files
    asked = pc.sum(pc.equal(rejected["reason"], ASIDE)).as_py() or 0
    counts = reduce(add, (scan.labels for scan in scans), Counter[str | int]())
    source = zip(ref.partitions, scans, strict=True)
    return IngestFigures(
        rows=sum(scanned.rows - part.duplicates for part, scanned in source if part.window == "source"),
        target_rows=sum(
            scan.rows for part, scan in zip(ref.partitions, scans, strict=True) if part.window == "target"
        ),
        files=sum(plan.files for plan in plans.values()),
        rejected_rows=rows,
        rejected_files=files,
        rejected_share=(rows - asked) / max(usable + rows, 1),
        left_out_files=sum(len(plan.left_out) for plan in plans.values()),
        empty_files=sum(plan.empty_files for plan in plans.values()) + empty_files,
        classes=len(ref.classes) or None,
        smallest_class=min((counts.get(name, 0) for name in _occurring(ref, counts)), default=None),
        tokens=sum(counts.values()) if ref.label_type == "tags" else None,
        mended_sentences=sum(scan.mended for scan in scans) if ref.label_type == "tags" else None,
        similar_class_names=similar_class_names,
        duplicate_ids=duplicates,
        agreement=crowd.alpha if crowd else None,
        crowd=crowd,
    )
