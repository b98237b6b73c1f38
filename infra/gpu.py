"""GPUs: which this machine has, which workers hold one, and where the embed tasks go."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.config import ComputeConfig
from schemas.errors import ConfigError

RESOURCE = "GPU"
LISTED = Path("/proc/driver/nvidia/gpus")
ASK_SECONDS = 10


@dataclass(frozen=True)
class Placement:
    """Where embed tasks go: on workers with a GPU, or on any; why, in words; how many run at once."""

    device: str
    note: str
    slots: int = 1

    @contextmanager
    def annotated(self) -> Iterator[None]:
        """Tasks submitted in this block ask for a GPU, if that is where they go."""
        import dask

        if self.device == "cpu":
            yield
            return
        with dask.annotate(resources={RESOURCE: 1}):  # type: ignore[attr-defined]
            yield


def place(compute: ComputeConfig, client: Any = None) -> Placement:
    """Look at the workers at hand, then choose, so that no task waits for a GPU that is not there.

    Raises ConfigError where a GPU is required and no worker has one.
    """
    workers = list(workers_of(client))
    threads = max(1, sum(int(each.get("nthreads", 1)) for each in workers))
    if compute.gpu == "off":
        return Placement("cpu", "embedding on CPU workers: compute.gpu is off", threads)
    found = sum(each.get("resources", {}).get(RESOURCE, 0) >= 1 for each in workers)
    if found:
        return Placement("cuda", f"embedding on {found} GPU worker{'s' if found > 1 else ''}", found)
    if compute.gpu == "require":
        raise ConfigError(
            f"a GPU is required, and none of the {len(workers)} Dask workers has one",
            where="compute.gpu",
            fix="start workers with --resources 'GPU=1', or set compute.gpu to auto",
        )
    return Placement("cpu", "embedding on CPU workers: no worker has a GPU", threads)


def workers_of(client: Any = None) -> Iterable[dict[str, Any]]:
    """What the scheduler at hand says of each of its workers."""
    from distributed import default_client

    info: dict[str, Any] = (client or default_client()).scheduler_info(n_workers=-1)["workers"]
    return info.values()


def devices() -> list[str]:
    """The GPUs of this machine, as CUDA_VISIBLE_DEVICES names them; without importing torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [each.strip() for each in visible.split(",") if each.strip() not in ("", "-1")]
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
