"""The Dask cluster: one at an address, one of a class that the config names, or one on this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from labelworks.infra.cluster.cluster_class import await_workers, opened
from labelworks.infra.cluster.gpu import RESOURCE, devices
from labelworks.infra.cluster.without_main import without_main
from labelworks.infra.cluster_rules import check_scheduler
from labelworks.infra.process import imports, take_threads
from labelworks.infra.processes.signals import kept_from_children
from labelworks.schemas.config.run import ComputeConfig
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.execution.map_partitions import client_at_hand

CONNECT_SECONDS = 30
NEVER = "1000 days"  # workers of this machine are started again by their nannies, and by nobody else
SOONER = 60  # seconds that a run itself waits less for a worker with a GPU: its error says more
HELD_BYTES = 64 << 20  # of freed memory that a worker keeps: giving it all back takes a fifth of the time
LOOPBACK = "127.0.0.1"
WORKER_BYTES = 2 << 30  # what a worker on this machine should at least have
GREETINGS = 5  # of a scheduler that are waited for


@contextmanager
def cluster(compute: ComputeConfig, *, here: bool = False) -> Iterator[Any]:
    """Yield a Dask client, the default one of this process while the block lasts.

    here: the only worker is a thread of this process, unless a cluster or workers are configured.
    """
    import dask
    from distributed import Client

    from labelworks.infra.observability.tracing import exported

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if compute.scheduler:
        with _connected(compute.scheduler) as client, exported(client):
            yield client
        return
    with dask.config.set(settings(compute)), without_main():
        with kept_from_children():
            made = opened(compute) if compute.cluster_class else _local(compute, here)
        with made, Client(made) as client, exported(client):
            if compute.cluster_class:
                await_workers(client, compute)
            yield client


def prepare(client: Any, modules: Sequence[str], count: int) -> None:
    """Let each worker of a cluster just started import what it will need, and don't wait for it.

    count: threads that the libraries may take.
    """
    from distributed import fire_and_forget

    for worker in client.scheduler_info(n_workers=-1)["workers"]:
        fire_and_forget(client.submit(_import, modules, count, workers=[worker], pure=False))


def _import(modules: Sequence[str], count: int) -> None:
    with imports():
        for name in modules:
            import_module(name)
    take_threads(count)


def _connected(scheduler: str) -> Any:
    from distributed import Client

    check_scheduler(scheduler)
    try:
        return greeted(lambda: Client(scheduler, timeout=CONNECT_SECONDS))
    except (OSError, TimeoutError, ValueError) as error:
        raise ConfigError(
            f"no Dask scheduler answers: {error}", where="compute.scheduler", fix="check the address"
        ) from error


def greeted(connect: Callable[[], Any]) -> Any:
    """Connect a client, again where the scheduler's greeting came together with other news.

    Those go to all clients, and Distributed asserts that the first message is the greeting alone.
    """
    return Retrying(
        retry=retry_if_exception_type(AssertionError),
        stop=stop_after_attempt(GREETINGS),
        wait=wait_random(0, 0.2),
        reraise=True,
    )(connect)


def _local(compute: ComputeConfig, here: bool) -> Any:
    return in_this_process() if here else machine(compute, [] if compute.gpu == "off" else devices())


def settings(compute: ComputeConfig) -> dict[str, Any]:
    """What Dask is told wherever we start the scheduler; docs/dask.md says why."""
    threads = str(compute.threads)
    gone = {} if compute.cluster_class else {"distributed.deploy.lost-worker-timeout": NEVER}
    return gone | {
        "temporary-directory": compute.spill,
        "distributed.worker.memory.target": 0.60,
        "distributed.worker.memory.spill": 0.70,
        "distributed.worker.memory.pause": 0.80,
        "distributed.worker.memory.terminate": 0.95,
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "500ms",
        "distributed.admin.system-monitor.interval": "2s",
        "distributed.scheduler.allowed-failures": 3,
        "distributed.scheduler.worker-ttl": "5 minutes",
        "distributed.scheduler.no-workers-timeout": f"{compute.wait + SOONER} s",
        "distributed.comm.retry.count": 3,
        "distributed.comm.timeouts.connect": "30s",
        "distributed.comm.timeouts.tcp": "60s",
        "distributed.nanny.pre-spawn-environ": {
            "MALLOC_MMAP_THRESHOLD_": HELD_BYTES // 2,
            "MALLOC_TRIM_THRESHOLD_": HELD_BYTES,
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        },
    }


@contextmanager
def at_hand(compute: ComputeConfig) -> Iterator[Any]:
    """Yield the Dask client that this process has; if it has none, one of `cluster`."""
    if client := client_at_hand():
        yield client
        return
    with cluster(compute) as client:
        yield client


def machine(compute: ComputeConfig, gpus: Sequence[str]) -> Any:
    """A cluster on this machine: workers for the cores, and one for each GPU, which sees no other."""
    from distributed import Nanny, Scheduler, SpecCluster
    from distributed.worker_memory import parse_memory_limit

    count = workers(compute, len(gpus))
    memory = parse_memory_limit(compute.memory, 1, count + len(gpus), logger=logging.getLogger(__name__))
    options = {
        "nthreads": 1,
        "memory_limit": memory,
        "host": LOOPBACK,
        "silence_logs": logging.ERROR,
        "preload": [f"labelworks.infra.cluster.{name}" for name in ("quiet_shutdown", "redacted_workers")],
    }
    spec: dict[str, Any] = {
        f"cpu-{number}": {"cls": Nanny, "options": {**options, "env": {"CUDA_VISIBLE_DEVICES": ""}}}
        for number in range(count)
    }
    for gpu in gpus:
        env = {"CUDA_VISIBLE_DEVICES": gpu}
        spec[f"gpu-{gpu}"] = {"cls": Nanny, "options": {**options, "env": env, "resources": {RESOURCE: 1}}}
    scheduler = {"cls": Scheduler, "options": {"host": LOOPBACK, "dashboard_address": f"{LOOPBACK}:0"}}
    return SpecCluster(workers=spec, scheduler=scheduler, silence_logs=logging.ERROR)


def in_this_process() -> Any:
    """A cluster whose scheduler and only worker are threads of this process; nothing limits its memory."""
    from distributed import Scheduler, SpecCluster, Worker

    served = {"host": LOOPBACK, "dashboard": False}
    return SpecCluster(
        workers={"here": {"cls": Worker, "options": {"nthreads": 1, "memory_limit": 0, **served}}},
        scheduler={"cls": Scheduler, "options": {**served, "dashboard_address": f"{LOOPBACK}:0"}},
        silence_logs=logging.ERROR,
    )


def workers(compute: ComputeConfig, gpus: int = 0) -> int:
    """How many workers besides those of GPUs: all of them × threads = cores, each with enough memory."""
    if compute.workers != "auto":
        return compute.workers
    from distributed.system import MEMORY_LIMIT

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores // compute.threads, int(MEMORY_LIMIT // WORKER_BYTES)) - gpus)


def task_runner() -> Any:
    """The Prefect task runner that sends tasks to the cluster at hand; None, Prefect's own, without one."""
    from prefect_dask.task_runners import DaskTaskRunner

    client = client_at_hand()
    return DaskTaskRunner(address=client.scheduler.address) if client else None


def connect_task_runner() -> None:
    """Connect the Dask task runner of the flow at hand."""
    from prefect.context import FlowRunContext
    from prefect_dask.task_runners import DaskTaskRunner

    context = FlowRunContext.get()
    runner = None if context is None else context.task_runner
    if isinstance(runner, DaskTaskRunner):
        greeted(lambda: runner.client)
