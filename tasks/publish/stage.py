"""Publish: data first, the manifest last, then the version's pointer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import SortingColumn

from labelworks.schemas.findings import PublishFigures
from labelworks.schemas.records import DatasetRef, Partition, RunRecord
from labelworks.schemas.stage_results import PublishResult
from labelworks.schemas.suites import Suite, suites
from labelworks.schemas.tables import (
    DECIDED_POSTERIOR,
    FACTOR,
    described,
    factor_name,
    published_schema,
    with_judges,
    with_likeliest,
    with_observed,
    with_sets,
    with_tags,
    with_text_spans,
)
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.index import LABEL_TYPES
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.artifacts.soft_labels import LEFT_OUT, likeliest_columns
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.exports import with_exports, write_exports
from labelworks.tasks.exports.base import Version
from labelworks.tasks.methods.inference.prediction_sets import SetThresholds
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import asked_sets
from labelworks.tasks.publish.observed_columns import OBSERVED_COLUMNS, observed_columns
from labelworks.tasks.publish.prediction_sets import (
    find_thresholds,
    likeliest_sets,
    named_sets,
    set_codes,
    set_findings,
    set_sizes,
)
from labelworks.tasks.publish.tag_columns import PUBLISHED_TAGS, TAG_COLUMNS, text_spans, with_tokens
from labelworks.tasks.publish.target_rows import publish_target
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.joined import as_type, read_type
from labelworks.tasks.sources.values.text import replaced
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import claim_version

GROUP_ROWS = 50_000
LIKELIEST_COLUMNS = ("soft_label_classes", "soft_label_rest")
REPETITIVE = ["label", "original_label", "action", "reason", "source_file", "run_id"]


@dataclass(frozen=True)
class Published:
    """What was written of one partition."""

    name: str
    rows: int
    new: bool
    checks: list[gates.RowCheck]
    set_sizes: Counter[int]


@stage_task("write published parts")
def publish_parts(run: Run, ref: DatasetRef, rows_expected: int) -> PublishResult:
    """Write the published parts and check that no row is missing."""
    artifacts, compression = run.artifacts, run.config.publish.compression
    if done := artifacts.result(PublishResult):
        return done
    started, gate = perf_counter(), suites("publish", run.config.gates.publish)
    asked = asked_sets(run.config)
    sets = find_thresholds(artifacts, ref, asked) if asked else None
    written = map_partitions(
        "publish", publish_partition, ref.of("source"),
        artifacts=artifacts, source=run.source, ref=ref, compression=compression, expected=gate.rows,
        sets=sets,
    )  # fmt: skip
    rows = sum(part.rows for part in written)
    target = publish_target(artifacts, ref, compression)
    figures = PublishFigures(
        rows=rows,
        rows_expected=rows_expected,
        parts=len(written),
        target_rows=target.rows,
        target_rows_expected=target.rows_expected,
        pseudo_labels=target.pseudo,
        pseudo_labels_expected=target.pseudo_expected,
        names=tuple(part.name for part in written),
        target_names=target.names,
        prediction_sets=set_findings(asked, [part.set_sizes for part in written]) if asked else None,
    )
    parts = [(part, artifacts.part("publish", part)) for part in ref.of("source")]
    checks = [
        *gates.check_whole("publish", gate.rows, parts, gates.StoredRows(artifacts.store)),
        *gates.check_figures("publish", gates.flat(figures), gate.figures),
    ]
    return artifacts.finish(
        PublishResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("publish", [part.checks for part in written], checks),
            work={"published_rows": sum(part.rows for part in written if part.new)},
            seconds=perf_counter() - started,
        )
    )


@stage_task("commit")
def commit(run: Run, record: RunRecord) -> RunRecord:
    """Point the next version at the run, having written its manifest; the same run keeps its version."""
    artifacts = run.artifacts
    manifest = f"{artifacts.folder}/manifest.json"
    artifacts.store.write(manifest, record.model_dump_json(indent=1).encode())
    version = claim_version(artifacts.store, artifacts.dataset, artifacts.id, manifest, run.newest)
    return record.model_copy(update={"version": version})


@stage_task("export")
def export(run: Run, record: RunRecord) -> RunRecord:
    """Write a published version in the forms that the config asks for besides, each once."""
    version, forms = Version(run.artifacts, run.source, record), run.config.publish.also
    write_exports(version, forms)
    return with_exports(version, forms)


def publish_partition(
    partition: Partition, artifacts: Artifacts, source: Source, ref: DatasetRef, compression: str,
    expected: Suite, sets: SetThresholds | None = None,
) -> Published:  # fmt: skip
    """Write one published part, or find it written."""
    name, store = artifacts.part("publish", partition), artifacts.store
    new = not store.exists(name)
    if new:
        table = _table(artifacts, source, ref, partition, sets).sort_by("id")
        _write(store, name, table, compression)
    else:
        table = store.read_table(name)
    checks = gates.check_rows(table, expected)
    sizes = set_sizes(table)
    return Published(name.removeprefix(f"{artifacts.folder}/"), table.num_rows, new, checks, sizes)


def _write(store: Store, name: str, table: pa.Table, compression: str) -> None:
    """Sorted by id, so that a reader who looks for some finds their row groups by the statistics."""
    store.write_table(
        name,
        table,
        compression=compression,
        row_group_size=GROUP_ROWS,
        use_dictionary=REPETITIVE,
        sorting_columns=[SortingColumn(table.schema.names.index("id"))],
        write_statistics=[column for column in table.schema.names if not column.startswith("soft_label")],
    )


def _decided(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> pa.Table:
    """What was decided on the rows of a partition, with posteriors; codes become classes again."""
    treated, one = artifacts.store.read_table(artifacts.treated(ref, partition)), ref.one_class
    names = ["row", "given", "suggestion", "flag", *(["outside", "pair_mismatch"] if one else [])]
    posterior = [] if ref.label_type == "number" else ["posterior"]
    tokens = TAG_COLUMNS if ref.label_type == "tags" else ()
    soft = [*LEFT_OUT, "error_probability"] if one else []
    name = artifacts.scores(ref, partition)
    scores = artifacts.store.read_table(name, [*names, *posterior, *soft, *tokens], may_lack=LEFT_OUT)
    if ref.inferred:
        given = observed_columns(artifacts, partition, treated["row"], ref)
        treated = treated.set_column(treated.column_names.index("given"), "given", given.pop("given"))
        for name, column in given.items():
            treated = treated.append_column(name, column)
    for name in ("label", "given", *({"judge_answer"} & set(treated.column_names))):
        treated = treated.set_column(
            treated.column_names.index(name), name, named(treated[name], ref.classes, ref.label_type)
        )
    proposed = _suggested(scores) if one else pc.if_else(scores["flag"], scores["suggestion"], None)
    nothing = pa.nulls(len(scores))
    treated = treated.append_column("suggestion", named(proposed, ref.classes, ref.label_type))
    for name in ("posterior", "pair_mismatch"):
        there = name in scores.column_names
        treated = treated.append_column(name, scores[name] if there else nothing)
    if tokens:
        return with_tokens(treated, scores, len(ref.classes))
    if DECIDED_POSTERIOR in treated.column_names:
        place, after = treated.column_names.index("posterior"), treated[DECIDED_POSTERIOR]
        both = pc.if_else(after.is_valid(), after, treated["posterior"])
        treated = treated.set_column(place, "posterior", both)
    return _with_likeliest(treated, scores, ref)


def _with_likeliest(treated: pa.Table, scores: pa.Table, ref: DatasetRef) -> pa.Table:
    """The rows with the columns of soft labels of the likeliest classes, where there are too many for all."""
    columns = likeliest_columns(scores, len(ref.classes))
    if columns is None:
        return treated
    values = pa.array(ref.classes, LABEL_TYPES[ref.label_type])
    classes = pa.ListArray.from_arrays(columns.codes.offsets, values.take(columns.codes.values))
    treated = treated.set_column(treated.column_names.index("posterior"), "posterior", columns.shares)
    for name, column in zip(LIKELIEST_COLUMNS, (classes, pa.array(columns.rest)), strict=True):
        treated = treated.append_column(name, column)
    return treated


def _sets(treated: pa.Table, ref: DatasetRef, sets: SetThresholds) -> pa.Array:
    """The classes that the true label of each row may be; null where the posterior is not kept."""
    if LIKELIEST_COLUMNS[0] in treated.column_names:
        return likeliest_sets(treated, sets)
    return named_sets(set_codes(treated["posterior"], sets), ref)


def _suggested(scores: pa.Table) -> pa.ChunkedArray:
    """Codes of the labels proposed; null where the given one isn't doubted, or none of the classes fits."""
    another = pc.not_equal(scores["suggestion"], scores["given"])
    proposed = pc.and_(pc.and_(scores["flag"], another), pc.invert(scores["outside"]))
    return pc.if_else(proposed, scores["suggestion"], pa.scalar(None, pa.int32()))


def _table(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, sets: SetThresholds | None
) -> pa.Table:
    """The published columns: every row says where it came from."""
    treated = _decided(artifacts, ref, partition)
    name = artifacts.index(ref.label_type, partition)
    index = artifacts.store.read_table(name, ["row", "file", "file_row"])
    place = index.take(np.searchsorted(index["row"].to_numpy(), treated["row"].to_numpy()))
    columns = {
        "id": treated["id"],
        "label": treated["label"],
        "original_label": treated["given"],
        "action": treated["action"],
        "reason": treated["reason"],
        "suggestion": treated["suggestion"],
        "weight": treated["weight"],
        "soft_label": treated["posterior"],
        "quality": treated["score"],
        "pair_mismatch": treated["pair_mismatch"],
        "source_file": place["file"].cast(pa.string()),
        "source_row": place["file_row"],
        "run_id": pa.repeat(artifacts.id, treated.num_rows),
    }
    asked, kind = source.columns, LABEL_TYPES[ref.label_type]
    factors = [name for name in treated.column_names if name.startswith(FACTOR)]
    columns |= {name: treated[name] for name in factors}
    schema = published_schema(kind, [factor_name(factor) for factor in factors])
    if ref.label_type == "tags":
        schema = with_tags(schema)
        columns |= {name: treated[name] for name in PUBLISHED_TAGS}
        if (in_text := text_spans(source, partition, treated, ref)) is not None:
            schema, columns["text_spans"] = with_text_spans(schema), in_text
    if LIKELIEST_COLUMNS[0] in treated.column_names:
        schema = with_likeliest(schema, kind)
        columns |= {name: treated[name] for name in LIKELIEST_COLUMNS}
    if "judge_answer" in treated.column_names:
        schema = with_judges(schema, kind)
        columns |= {name: treated[name] for name in ("judge_answer", "judge_score")}
    if ref.inferred:
        schema = with_observed(schema, kind)
        columns |= {name: treated[name] for name in OBSERVED_COLUMNS}
    if sets is not None:
        schema = with_sets(schema, kind)
        columns["prediction_set"] = _sets(treated, ref, sets)
    table = pa.table(columns, schema=described(schema, ref.classes, asked.task, artifacts.id))
    time = asked.time
    if time is None:
        return table
    carried = as_type(source.reader(partition).table([time])[time], read_type(ref.time_type))
    values = replaced(carried.combine_chunks()).take(treated["row"])
    about = {"about": "dataset.time, as it stands in the source"}
    return table.append_column(pa.field(time, values.type, metadata=about), values)
