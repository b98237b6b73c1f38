"""The embed stage: what was embedded before is found, the rest are tasks on workers with a GPU, or on any."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from prefect import get_run_logger
from prefect.futures import as_completed

from infra.gpu import Placement, place
from schemas.records import DatasetRef, Partition, StageResult
from tasks.embed import embed_group, embed_names, fit_encoder, judge_embedding
from tasks.io import progress
from tasks.io.encoder import EncoderSpec
from tasks.io.encoding import Embedded, find_embedded
from tasks.io.partitions import map_partitions
from tasks.io.run import Run
from tasks.io.shares import shares
from tasks.io.tracing import carrier


def embed(run: Run, ref: DatasetRef) -> StageResult:
    """Embed every partition that was not embedded before; to be called in a flow with a Dask task runner."""
    if done := run.result("embed"):
        return done
    started = perf_counter()
    placement = place(run.config.compute)
    get_run_logger().info(placement.note)
    progress.current().note(placement.note)
    spec = fit_encoder(run, ref, placement.device, min(placement.slots, len(ref.partitions)))
    known = map_partitions("embed", find_embedded, ref.partitions, unit="look-ups", run=run, spec=spec)
    found = [each for each in known if each is not None]
    missing = [each for each, before in zip(ref.partitions, known, strict=True) if before is None]
    return judge_embedding(run, ref, spec, [*found, *_embedded(run, ref, spec, missing, placement)], started)


def _embedded(
    run: Run, ref: DatasetRef, spec: EncoderSpec, partitions: Sequence[Partition], placement: Placement
) -> list[Embedded]:
    """Embed partitions as groups, each a task, and the class names if the config wants them as a probe."""
    groups = shares(partitions, placement.slots)
    with placement.annotated():
        futures = [
            embed_group.submit(group, run, spec, label=f"{number}/{len(groups)}", parent=carrier())
            for number, group in enumerate(groups, 1)
        ]
        names = [embed_names.submit(run, ref, spec)] if run.config.dataset.class_names else []
    rows = size = 0
    for done, future in enumerate(as_completed(futures), 1):
        rows += sum(each.rows for each in future.result())
        size += sum(each.partition.size for each in future.result())
        progress.current().advance("embed", done, len(groups), unit="groups", rows=rows, size=size)
    for encoded in names:
        encoded.result()
    return [each for future in futures for each in future.result()]
