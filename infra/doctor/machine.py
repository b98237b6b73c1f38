"""The machine as a run will find it: cores, memory, disk, BLAS threads, GPUs."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from humanize import naturalsize

from labelworks.infra.doctor.check_result import CheckResult

LOW_MEMORY, LOW_DISK = 2 << 30, 5 << 30


def examine_machine(store_root: str) -> Iterator[CheckResult]:
    """Check memory, cores, disk, BLAS threads and devices; no check raises."""
    yield _cores_and_memory()
    yield from _disk(store_root)
    yield _threads()
    yield _devices()


def _cores_and_memory() -> CheckResult:
    """As Dask sees them: within the limits of the container."""
    from dask.system import CPU_COUNT
    from distributed.system import MEMORY_LIMIT

    size = f"{CPU_COUNT} cores, {naturalsize(MEMORY_LIMIT, binary=True)}"
    if MEMORY_LIMIT < LOW_MEMORY:
        return CheckResult("cores and memory", "warn", size, "a run wants 2 GiB; lower compute.workers")
    return CheckResult("cores and memory", "ok", size)


def _disk(store_root: str) -> Iterator[CheckResult]:
    places = {"disk, temporary files": Path(tempfile.gettempdir())}
    if "://" not in store_root:
        root = Path(store_root).absolute()
        existing = next((path for path in (root, *root.parents) if path.exists()), root)
        places["disk, store"] = existing
    for name, place in places.items():
        free = shutil.disk_usage(place).free
        room = f"{naturalsize(free, binary=True)} free at {place}"
        yield (
            CheckResult(name, "ok", room)
            if free >= LOW_DISK
            else CheckResult(
                name, "warn", room, "make room, or choose another store.root (temporary files: TMPDIR)"
            )
        )


def _threads() -> CheckResult:
    """More BLAS threads than cores make every product slower; Dask gives its workers one each."""
    import scipy.linalg  # noqa: F401 -- loads the libraries that are asked about
    from dask.system import CPU_COUNT
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    pools = {f"{pool['internal_api']} {pool['num_threads']}" for pool in threadpool_info()}
    most = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    threads = f"{', '.join(sorted(pools)) or 'none'} (workers have their own setting)"
    if most > CPU_COUNT:
        return CheckResult("BLAS threads", "warn", threads, f"set OMP_NUM_THREADS to at most {CPU_COUNT}")
    return CheckResult("BLAS threads", "ok", threads)


def _devices() -> CheckResult:
    driver = shutil.which("nvidia-smi") is not None
    if find_spec("torch") is None:
        devices = "CPU; torch is not installed (only sentence-transformers needs it)"
        return CheckResult("devices", "warn" if driver else "ok", devices, "pip install 'labelworks[text]'")
    try:
        torch = importlib.import_module("torch")
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    except Exception as error:  # a broken driver raises anything
        return CheckResult(
            "devices", "fail", f"torch can't be used: {error}", "reinstall torch for this machine"
        )
    devices = f"torch {torch.__version__}: {', '.join(names) or 'CPU'}"
    if driver and not names:
        return CheckResult("devices", "warn", devices, "there is a GPU driver: install a CUDA build of torch")
    return CheckResult("devices", "ok", devices)
