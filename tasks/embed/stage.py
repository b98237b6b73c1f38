"""Embed: features to vectors, kept under what they were made of, so that none is ever made twice."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import perf_counter

import pyarrow as pa
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import EmbeddingFigures, EmbeddingWaits, EncodedKind
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.secrets.logging import redacted
from labelworks.schemas.stage_results import EmbedResult, IngestResult
from labelworks.schemas.suites import suites
from labelworks.schemas.tables import REJECTED
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.rejected import refuse, rejected_rows
from labelworks.tasks.artifacts.vectors.embeddings import without_vector
from labelworks.tasks.artifacts.vectors.first_pass import read_contents
from labelworks.tasks.artifacts.vectors.sufficient_statistics import first_pass
from labelworks.tasks.embed.class_names import encode_class_names
from labelworks.tasks.embed.encode_partitions import Embedded, dead_dimensions, embed_partitions
from labelworks.tasks.embed.encoder_spec import EncoderSpec, FittedState, sample_column
from labelworks.tasks.embed.join_partitions import JoinedSpec, join_kinds, said_of_kinds
from labelworks.tasks.embed.leakage import find_leakage
from labelworks.tasks.embed.near_duplicates import find_copies
from labelworks.tasks.embed.pair_check import check_after
from labelworks.tasks.embed.split_reader import SplitReader
from labelworks.tasks.embed.waits import Seconds
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.tracing import span
from labelworks.tasks.methods import quality
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import pass_options
from labelworks.tasks.sources.source import Source

LEASE_SECONDS = 60  # after which a GPU held by a worker that died is free again; Prefect takes no less


@stage_task("fit encoder")
def fit_encoder(
    run: Run, ref: DatasetRef, device: str, workers: int, sharing: int = 1, kind: str = ""
) -> EncoderSpec:
    """Fit an encoder on a sample of the source, once a dataset; return what workers load it from.

    device: cuda or cpu, where the workers will run it; so many of them at once, `sharing` on one machine.
    kind: of features of several kinds which one.
    """
    kind = kind or run.config.dataset.features.kind
    chosen = run.config.encoder.of(kind)
    name = base.encoder_name(chosen.name, kind)
    options = base.make(name, kind, chosen.options).pinned()  # so that all workers open the same
    encoder = base.make(name, kind, options)
    key = base.key_of(name, encoder, run.config.dataset.features_key(kind))
    fitted = _fitted(run, ref, kind, encoder, key) if encoder.fit_rows else None
    compute = run.config.compute
    return EncoderSpec(
        key, name, kind, json.dumps(options, sort_keys=True), fitted, device, compute.threads, workers,
        compute.gpu_cores, sharing,
    )  # fmt: skip


def _fitted(run: Run, ref: DatasetRef, kind: str, encoder: base.Encoder, key: str) -> FittedState:
    store, state = run.artifacts.store, f"{run.artifacts.embeddings(key)}/state.npz"
    if not store.exists(state):
        sample = sample_column(run.artifacts, run.source.only(kind), ref, encoder.fit_rows, encoder.fit_share)
        with threadpool_limits(run.config.compute.threads):  # or machines with more cores fit another
            fitted = _fit(encoder, sample, run.source)
        store.create(state, base.pack(fitted))
    return FittedState(store, state)


def _fit(encoder: base.Encoder, sample: pa.Array, source: Source) -> base.State:
    """What it learns; an InputError of it that names no place is of the source."""
    try:
        return encoder.fit(sample)
    except InputError as error:
        raise InputError(error.what, where=error.where or source.places["source"], fix=error.fix) from error


@task(name="embed", cache_policy=NO_CACHE, task_run_name="embed {label}")
def embed_group(
    partitions: Sequence[Partition],
    artifacts: Artifacts,
    source: Source,
    spec: EncoderSpec,
    label: str,
    parent: dict[str, str],
) -> list[Embedded]:
    """Embed some partitions on one worker; those embedded before are only looked up.

    label: for people; parent: the span that this is part of, if any.
    """
    with span("embed group", parent, group=label), turn(spec.device):
        return embed_partitions(partitions, artifacts, source, spec)


@task(name="encode class names", task_run_name="encode class names", cache_policy=NO_CACHE)
def embed_names(run: Run, ref: DatasetRef, spec: EncoderSpec) -> None:
    """Encode the class names, if there are any, by the encoder's text tower, on a worker that has it."""
    if (given := run.config.dataset.class_names) is None:
        return
    with redacted(), turn(spec.device):
        encode_class_names(run.artifacts, ref, spec, given)


@contextmanager
def turn(device: str) -> Iterator[None]:
    """Hold this worker's GPU, so that another run of the same Prefect API waits for it; a CPU is shared."""
    if device == "cpu":
        yield
        return
    name = f"labelworks-gpu-{socket.gethostname()}-{os.environ.get('CUDA_VISIBLE_DEVICES', 'all')}"
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):  # by another run, just now
        client.upsert_global_concurrency_limit_by_name(name, 1)
    with concurrency(name, lease_duration=LEASE_SECONDS, strict=True):
        yield


@stage_task("join vectors")
def join_vectors(
    run: Run, ref: DatasetRef, spec: JoinedSpec, done: Sequence[Sequence[Embedded]]
) -> tuple[list[Embedded], list[EncodedKind]]:
    """Join the vectors of several kinds, which are all made; says how."""
    joined, kinds = join_kinds(run.artifacts, ref, spec, done)
    progress.current().note(said_of_kinds(kinds))
    return joined, kinds


@stage_task("embed gate")
def judge_embedding(
    run: Run,
    ref: DatasetRef,
    spec: EncoderSpec | JoinedSpec,
    done: Sequence[Embedded],
    started: float,
    made: Sequence[Embedded] = (),
    kinds: Sequence[EncodedKind] = (),
) -> EmbedResult:
    """Sum up the partitions and hold the embedding to its gate; raise InputError if it fails.

    made, kinds: of features of several kinds what was made of each, and how they were joined.
    """
    parts = spec.parts if isinstance(spec, JoinedSpec) else ()
    keys = {"encoder_key": spec.key, "joined_keys": tuple(part.key for part in parts)}
    ref, made = ref.model_copy(update=keys), made or done
    check_after(run.source, ref.of("source")[0], done[0].dim)
    by_window = {window: _rejected(run.artifacts, ref, window, done) for window in ("source", "target")}
    rejected = pa.concat_tables(by_window.values())
    run.artifacts.store.write_table(run.artifacts.file("embed", "rejected.parquet"), rejected)
    rows = sum(part.rows for part in done)
    figures = EmbeddingFigures(
        encoder=spec.name,
        kinds=tuple(kinds),
        rows=rows - sum(part.without for part in done),
        rejected_rows=rejected.num_rows,
        rejected_share=rejected.num_rows / max(rows, 1),
        dim=done[0].dim,
        distinct_rows=sum(part.distinct for part in done),
        encoding_seconds=round(sum(part.seconds for part in made), 3),
        dead_dimensions=dead_dimensions(done),
        waits=_waits(made),
    )
    if figures.rows:
        figures = judge_quality(run, ref, figures)
    gate = suites("embed", run.config.gates.embed)
    checks = gates.check_figures("embed", gates.flat(figures), gate.figures)
    result = EmbedResult(
        ref=ref,
        figures=figures,
        gate=gates.merge("embed", [], checks),
        work={"embedded_rows": sum(part.rows for part in made if part.new)},
        seconds=perf_counter() - started,
    )
    refuse(result.gate, by_window, figures, run.source.places)
    _refuse_unread_target(by_window["target"], done, run.source)
    return run.artifacts.finish(result)


def _refuse_unread_target(rejected: pa.Table, done: Sequence[Embedded], source: Source) -> None:
    """Raise InputError where the target has rows, and none of them has a vector."""
    rows = sum(part.rows for part in done if part.partition.window == "target")
    if rows and rejected.num_rows == rows:
        raise InputError(
            f"no row of the target has features that can be read ({rejected['reason'][0]})",
            where=source.places["target"],
            fix="write it again, or leave dataset.target out",
        )


def _waits(done: Sequence[Embedded]) -> EmbeddingWaits | None:
    """What the workers waited for, said in a line; None: all vectors were there before."""
    spent = sum((part.waits for part in done), Seconds())
    if not spent.total:
        return None
    device, host, store = (seconds / spent.total for seconds in (spent.device, spent.host, spent.store))
    waits = EmbeddingWaits(device=device, host=host, store=store)
    progress.current().note(waits.said)
    return waits


def judge_quality(run: Run, ref: DatasetRef, figures: EmbeddingFigures) -> EmbeddingFigures:
    """Add figures of the embedding's quality, from the sums and the sample that detect judges classes by."""
    started = perf_counter()
    ingested, options = run.artifacts.result(IngestResult), pass_options(run.config)
    rows = ingested.figures.units if ingested else 0
    first = first_pass(run.artifacts, ref, rows, options)
    if not first.sums.count.sum():
        raise InputError(
            f"no row has both a label and {run.config.dataset.features.kind} features that can be read",
            where=run.source.places["source"],
            fix="see that they stand in the same rows; the run's rejected.parquet says what each row lacks",
        )
    sample, scaled = first.sample.features, options.scaled
    given = first.sample.given if ref.one_class else None
    judged = {
        **quality.judge(first.sums.without(), sample, given, scaled=scaled),
        **find_copies(run.artifacts, ref, read_contents(run.artifacts), sample, rows, scaled=scaled),
        "judging_seconds": round(perf_counter() - started, 3),
    }
    held = EmbeddingFigures(**{**figures.model_dump(), **judged})
    if (column := run.config.dataset.split) is None:
        return held
    contents = read_contents(run.artifacts).num_rows
    reader = SplitReader(run.artifacts, run.source, ref, column)
    leaks = find_leakage(
        reader, run.config.dataset.train_split, contents / max(int(first.sums.count.sum()), 1)
    )
    return held.model_copy(update={"leakage": leaks})


def _rejected(artifacts: Artifacts, ref: DatasetRef, window: str, done: Sequence[Embedded]) -> pa.Table:
    """The rows of a window that have no vector."""
    tables = [REJECTED.empty_table()]
    for part in done:
        if part.without and part.partition.window == window:
            rows = without_vector(artifacts, ref, part.partition)
            tables.append(rejected_rows(rows, rows["reason"]))
    return pa.concat_tables(tables)
