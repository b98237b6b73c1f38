"""The embed flow: groups of partitions, each a task on a worker with a GPU, or on any if none has one."""

from __future__ import annotations

from time import perf_counter

from prefect import flow, get_run_logger
from prefect.futures import as_completed

from infra.gpu import place
from infra.secrets import storage_secrets
from schemas.config import RunConfig
from schemas.records import DatasetRef, StageResult
from tasks.embed import embed_group, embed_names, fit_encoder, judge_embedding
from tasks.io import progress
from tasks.io.opening import reopen
from tasks.io.tracing import carrier

GROUPS = 16  # at most: a task costs the API more than it costs the machine


@flow(name="embed", flow_run_name="embed {config.dataset.key}", validate_parameters=False)
def embed(config: RunConfig, ref: DatasetRef) -> StageResult:
    """Embed every partition that was not embedded before."""
    run = reopen(config, ref.run_id, storage_secrets(config.store))
    if done := run.result("embed"):
        return done
    started = perf_counter()
    placement = place(config.compute)
    get_run_logger().info(placement.note)
    progress.current().note(placement.note)
    spec = fit_encoder(run, ref, placement.device)
    groups = [ref.partitions[start::GROUPS] for start in range(min(GROUPS, len(ref.partitions)))]
    with placement.annotated():
        futures = [
            embed_group.submit(group, run, spec, label=f"{number}/{len(groups)}", parent=carrier())
            for number, group in enumerate(groups, 1)
        ]
        names = [embed_names.submit(run, ref, spec)] if config.dataset.class_names else []
    rows = size = 0
    for groups_done, future in enumerate(as_completed(futures), 1):
        rows += sum(each.rows for each in future.result())
        size += sum(each.partition.size for each in future.result())
        progress.current().advance("embed", groups_done, len(groups), unit="groups", rows=rows, size=size)
    for encoded in names:
        encoded.result()
    embedded = [each for future in futures for each in future.result()]
    return judge_embedding(run, ref, spec, embedded, started)
