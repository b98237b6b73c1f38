"""The embed stage: what was embedded before is found, the rest are tasks on workers with a GPU, or on any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any

from prefect.futures import PrefectFuture

from labelworks.infra.cluster.cluster import connect_task_runner
from labelworks.infra.cluster.gpu import GpuMonitor, Placement, place
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import EmbedResult
from labelworks.tasks.embed.class_names import encode_class_names
from labelworks.tasks.embed.encode_partitions import Embedded, embed_partitions, find_embedded
from labelworks.tasks.embed.encoder_spec import EncoderSpec, lacks
from labelworks.tasks.embed.join_partitions import JoinedSpec
from labelworks.tasks.embed.stage import (
    embed_group,
    embed_names,
    fit_encoder,
    join_vectors,
    judge_embedding,
)
from labelworks.tasks.embed.task_groups import shares
from labelworks.tasks.execution import progress
from labelworks.tasks.execution.engine import in_flow, run_logger
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.execution.tracing import carrier
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.planning.run import Run

LOOK_SECONDS = 5.0


def embed(run: Run, ref: DatasetRef) -> EmbedResult:
    """Embed every partition that was not embedded before; in a flow, one with a Dask task runner."""
    if done := run.artifacts.result(EmbedResult):
        return done
    started = perf_counter()
    by_kind = [_of_kind(run, ref, kind) for kind in run.config.dataset.features.kinds]
    if len(by_kind) == 1:
        return judge_embedding(run, ref, *by_kind[0], started)
    spec = JoinedSpec.of([encoder for encoder, _ in by_kind])
    joined, kinds = join_vectors(run, ref, spec, [parts for _, parts in by_kind])
    made = [part for _, parts in by_kind for part in parts]
    return judge_embedding(run, ref, spec, joined, started, made, kinds)


def _of_kind(run: Run, ref: DatasetRef, kind: str) -> tuple[EncoderSpec, list[Embedded]]:
    """Embed the features of one kind: its encoder, and what is made of each partition."""
    placement = _placed(run, kind)
    run_logger().info(placement.note)
    progress.current().note(placement.note)
    slots = min(placement.slots, len(ref.partitions))
    spec = fit_encoder(run, ref, placement.device, slots, placement.sharing, kind)
    known = map_partitions(
        "embed", find_embedded, ref.partitions, unit="look-ups", artifacts=run.artifacts, encoder_key=spec.key
    )
    kept = [part for part in known if part is not None]
    missing = [partition for partition, before in zip(ref.partitions, known, strict=True) if before is None]
    return spec, [*kept, *_embedded(run, ref, spec, missing, placement)]


def _placed(run: Run, kind: str) -> Placement:
    """Where the encoder of a kind goes: on a GPU if it uses one, and can on the workers that have one."""
    chosen = run.config.encoder.of(kind)
    encoder = make(chosen.name, kind, chosen.options)
    asked = partial(lacks, chosen.name, kind, chosen.options, "cuda")
    return place(run.config.compute, uses_device=encoder.uses_device, lacks=asked)


def _embedded(
    run: Run, ref: DatasetRef, spec: EncoderSpec, partitions: Sequence[Partition], placement: Placement
) -> list[Embedded]:
    """Embed partitions as groups, each a task, and the class names if the config wants them as a probe."""
    groups = shares(partitions, placement.slots)
    if not in_flow():
        return _called(run, ref, spec, groups, placement)
    connect_task_runner()
    with placement.annotated():
        futures = [
            embed_group.submit(
                group,
                run.artifacts,
                run.source.only(spec.kind),
                spec,
                label=f"{number}/{len(groups)}",
                parent=carrier(),
            )
            for number, group in enumerate(groups, 1)
        ]
        names = [embed_names.submit(run, ref, spec)] if run.config.dataset.class_names else []
    rows = size = done = 0
    for future in _completed([*futures, *names], GpuMonitor(placement, run.config.compute.wait)):
        embedded = future.result() or []
        done += bool(embedded)
        rows += sum(part.rows for part in embedded)
        size += sum(part.partition.size for part in embedded)
        progress.current().advance("embed", done, len(groups), unit="groups", rows=rows, size=size)
    return [embedded for future in futures for embedded in future.result()]


def _called(
    run: Run, ref: DatasetRef, spec: EncoderSpec, groups: list[list[Partition]], placement: Placement
) -> list[Embedded]:
    """As `_embedded`, on the workers of this machine, whose GPUs nobody else was promised."""
    with placement.annotated():
        if run.config.dataset.class_names:
            names = run.config.dataset.class_names
            map_partitions("embed", encode_class_names, [run.artifacts], unit="lists of class names",
                           ref=ref, spec=spec, given=names)  # fmt: skip
        by_group = map_partitions(
            "embed", embed_partitions, groups, unit="groups",
            artifacts=run.artifacts, source=run.source.only(spec.kind), spec=spec,
        )  # fmt: skip
    return [embedded for group in by_group for embedded in group]


def _completed(futures: Sequence[PrefectFuture[Any]], watch: GpuMonitor) -> Iterator[PrefectFuture[Any]]:
    """Futures as they end; ConfigError if the workers that they wait for have gone."""
    ended: SimpleQueue[PrefectFuture[Any]] = SimpleQueue()
    for completed in futures:
        completed.add_done_callback(ended.put)
    for _ in futures:
        while (future := _next(ended)) is None:
            watch.look()
        yield future


def _next(ended: SimpleQueue[PrefectFuture[Any]]) -> PrefectFuture[Any] | None:
    try:
        return ended.get(timeout=LOOK_SECONDS)
    except Empty:
        return None
