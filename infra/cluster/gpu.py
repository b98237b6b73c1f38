"""GPUs: which this machine has, which workers hold one, and where the embed tasks go."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labelworks.schemas.config.run import ComputeConfig
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.execution.map_partitions import client_at_hand

RESOURCE = "GPU"
LISTED = Path("/proc/driver/nvidia/gpus")
ASK_SECONDS = 10


@dataclass(frozen=True)
class Placement:
    """Where embed tasks go: on workers with a GPU, or on any; why, in words; how many run at once.

    sharing: how many workers with a GPU one machine has, at most: they share its cores.
    """

    device: str
    note: str
    slots: int = 1
    sharing: int = 1

    @contextmanager
    def annotated(self) -> Iterator[None]:
        """Tasks submitted in this block ask for a GPU, if that is where they go."""
        import dask

        if self.device == "cpu":
            yield
            return
        with dask.annotate(resources={RESOURCE: 1}):  # type: ignore[attr-defined]
            yield


@dataclass
class GpuMonitor:
    """Whether the workers that tasks wait for are still there; seconds: how long they may be away."""

    placement: Placement
    seconds: float
    seen: float = field(default_factory=time.monotonic)

    def look(self, client: Any = None) -> None:
        """Raise ConfigError if tasks ask for a GPU and no worker has had one for so long."""
        now = time.monotonic()
        if self.placement.device == "cpu" or gpu_workers(client):
            self.seen = now
        elif now - self.seen > self.seconds:
            raise ConfigError(
                f"no worker with a GPU is left, for {self.seconds:.0f} s now",
                where="compute.gpu",
                fix="start workers with --resources 'GPU=1' and run again: what was embedded is kept",
            )


def place(
    compute: ComputeConfig,
    client: Any = None,
    *,
    uses_device: bool = True,
    lacks: Callable[[], str] | None = None,
) -> Placement:
    """Look at the workers at hand, then choose, so that no task waits for a GPU that is not there.

    uses_device: whether the encoder runs on a GPU at all. lacks: asked on each worker with a GPU, why the
    encoder can't run on it, "" if it can. Raises ConfigError where a GPU is required and none can be used.
    """
    workers = workers_of(client)
    threads = max(1, sum(int(worker.get("nthreads", 1)) for worker in workers.values()))
    names = gpu_workers(client)
    why = "compute.gpu is off" if compute.gpu == "off" else "" if names else "no worker has a GPU"
    if compute.gpu == "require" and not names:
        raise _missing(f"none of the {len(workers)} Dask workers has one")
    if not why and not uses_device:
        why = "the encoder uses no GPU"
    if not why and lacks and (why := _lacking(client, lacks, names)) and compute.gpu == "require":
        raise _missing(f"{why} on a worker that has one")
    if why:
        idle = "; compute.gpu_cores counts for nothing" if compute.gpu_cores else ""
        return Placement("cpu", f"embedding on CPU workers: {why}{idle}", threads)
    hosts = Counter(str(workers[name].get("host", "")) for name in names)
    cores = f", each with {compute.gpu_cores} of its machine's cores" if compute.gpu_cores else ""
    note = f"embedding on {len(names)} GPU worker{'s' if len(names) > 1 else ''}{cores}"
    return Placement("cuda", note, len(names), max(hosts.values()))


def workers_of(client: Any = None) -> dict[str, dict[str, Any]]:
    """What the scheduler at hand says of each of its workers, by address; nothing if there is none."""
    asked = client or client_at_hand()
    workers: dict[str, dict[str, Any]] = asked.scheduler_info(n_workers=-1)["workers"] if asked else {}
    return workers


def gpu_workers(client: Any = None) -> list[str]:
    """Addresses of the workers that have a GPU."""
    workers = workers_of(client).items()
    return [name for name, worker in workers if worker.get("resources", {}).get(RESOURCE, 0) >= 1]


def _lacking(client: Any, lacks: Callable[[], str], workers: list[str]) -> str:
    """Why a worker with a GPU can't use it, whichever says so first; asked beside the tasks it runs."""
    said: dict[str, str] = (client or client_at_hand()).run(lacks, workers=workers)
    return next((text for text in said.values() if text), "")


def _missing(why: str) -> ConfigError:
    return ConfigError(
        f"a GPU is required, and {why}",
        where="compute.gpu",
        fix="start workers with --resources 'GPU=1' and a torch that runs there, or set compute.gpu to auto",
    )


def devices() -> list[str]:
    """The GPUs of this machine, as CUDA_VISIBLE_DEVICES names them; without importing torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device.strip() for device in visible.split(",") if device.strip() not in ("", "-1")]
    if LISTED.is_dir():
        return [str(number) for number in range(len(list(LISTED.iterdir())))]
    return [str(number) for number in range(_asked())]


def _asked() -> int:
    """How many GPUs nvidia-smi lists; none if it isn't there."""
    try:
        said = subprocess.run(
            ["nvidia-smi", "-L"],  # noqa: S607 - wherever the driver put it
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in said.stdout.splitlines())
