"""What a config may ask of a cluster: a class of a known package, arguments that are figures and names.

A config may come from somebody else, and a cluster runs what it is told to as its operator. What is left out
here (commands, preloads, images, import paths) the operator allows by name, in the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.locations import is_loopback

CLASS, ARGUMENTS, SCHEDULER = "compute.cluster_class", "compute.cluster_kwargs", "compute.scheduler"
PACKAGES_ALLOWED, ARGUMENTS_ALLOWED = "LABELWORKS_CLUSTER_PACKAGES", "LABELWORKS_CLUSTER_ARGUMENTS"
SCHEDULERS_ALLOWED = "LABELWORKS_SCHEDULERS"
PACKAGES = ("coiled", "dask_cloudprovider", "dask_jobqueue", "dask_kubernetes", "distributed")
CLASSES = ("cls", "worker_class", "scheduler_class", "scheduler_cls", "job_cls")  # paths of Dask's own parts
VARIABLES = ("env", "env_vars", "environ", "environment")
FREE = ("labels", "limits", "requests", "resources", "tags", "workers")  # whose keys are anybody's names
_PLAIN = """
account adaptive asynchronous auto_refresh availability_zone contact_address cores cpu dashboard_address
death_timeout disk_size fargate_spot filesystem_size gpu gpu_type host idle_timeout instance_type
interface ip job_cpu job_mem job_name lifetime lifetime_restart lifetime_stagger local_directory location
log_directory machine_type mem memory memory_limit n_workers name namespace nanny ncores ncpus ngpus
nthreads optimize_for_cost options partition port preemptible processes project projectid protocol qos
queue quiet region region_name resource_group resource_timeout scheduler scheduler_cpu scheduler_disk_size
scheduler_gpu scheduler_instance_type scheduler_mem scheduler_memory scheduler_options scheduler_port
scheduler_timeout scheduler_vm_types security shared_temp_directory shutdown_on_close silence_logs spot
spot_policy subnet threads_per_worker timeout use_spot vm_size vnet wait_for_workers walltime worker
worker_cpu worker_dashboard_address worker_disk_size worker_gpu worker_gpu_type worker_instance_type
worker_mem worker_memory worker_options worker_port worker_vm_types workspace zone
"""
PLAIN = frozenset(_PLAIN.split())
# A job's script and a worker's command line are made of these: nothing that is more to a shell or a parser.
WORD = re.compile(r"(?!-)[\w.,:/@%+=-]*|\d[\w.]* [A-Za-z]+", re.ASCII)
VARIABLE = re.compile(
    r"(OMP|MKL|OPENBLAS|NUMEXPR|BLIS|VECLIB_MAXIMUM)_(NUM_)?THREADS|MALLOC_(ARENA_MAX|(TRIM|MMAP)_THRESHOLD_)"
    r"|TOKENIZERS_PARALLELISM|CUDA_VISIBLE_DEVICES|AWS_(DEFAULT_)?REGION|TZ|DASK_TEMPORARY_DIRECTORY"
    r"|DASK_DISTRIBUTED__(WORKER__(MEMORY|PROFILE)|COMM__(RETRY|TIMEOUTS)|SCHEDULER__ALLOWED_FAILURES)[A-Z_]*"
)


def allowed(variable: str) -> tuple[str, ...]:
    """The names that the operator has put in a variable of the environment, by commas or spaces."""
    return tuple(os.environ.get(variable, "").replace(",", " ").split())


def check_package(path: str, where: str = CLASS) -> None:
    """Raise ConfigError, before anything is imported, for an import path into no package that is allowed."""
    package, *rest = parts = path.split(".")
    known = (*PACKAGES, *allowed(PACKAGES_ALLOWED))
    if package not in known or not rest or not all(re.fullmatch(r"[A-Za-z]\w*", part) for part in parts):
        near = get_close_matches(package, known, n=1)
        raise ConfigError(
            f"{path!r} is no class of a package that may start clusters",
            where=where,
            fix=(f"did you mean {near[0]!r}? " if near and near[0] != package else "")
            + f"known: {', '.join(known)}; the operator adds others by {PACKAGES_ALLOWED}",
        )


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Raise ConfigError, with the key, for an argument that no config may set, or a value that is no word."""
    for path, why in _wrong(arguments, ARGUMENTS, free=False):
        name = path.rpartition(".")[2]
        fix = f"leave it to Dask's configuration, or let the operator add {name} to {ARGUMENTS_ALLOWED}"
        raise ConfigError(why, where=path, fix=fix)


def classes(arguments: Any, path: str = ARGUMENTS) -> Iterator[tuple[str, str]]:
    """The import paths among the arguments, and the key of each."""
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            if name in CLASSES:
                yield str(value), f"{path}.{name}"
            else:
                yield from classes(value, f"{path}.{name}")


def check_scheduler(address: str | None) -> None:
    """Raise ConfigError for a scheduler that isn't on this machine, behind Dask's TLS, or allowed.

    Whoever runs a scheduler may run anything in its clients, and gets the secrets of the stores.
    """
    if address is None:
        return
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    host = parts.hostname or ""
    own = {host, f"{host}:{parts.port}"} & set(allowed(SCHEDULERS_ALLOWED))
    if not (is_loopback(host) or own or parts.scheme == "tls"):
        raise ConfigError(
            f"{address!r} is no scheduler that may be used",
            where=SCHEDULER,
            fix=f"if you trust who runs it, add {host} to {SCHEDULERS_ALLOWED} in the environment, or use tls://",
        )


def _wrong(value: Any, path: str, *, free: bool) -> Iterator[tuple[str, str]]:
    """Keys of what may not be given, and why; free: the keys of this one are anybody's names."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _wrong_argument(str(name), inner, f"{path}.{name}", free=free)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _wrong(inner, f"{path}.{number}", free=False)
    elif isinstance(value, str) and not WORD.fullmatch(value):
        yield path, f"{value!r} is more than a word or a figure"


def _wrong_argument(name: str, value: Any, path: str, *, free: bool) -> Iterator[tuple[str, str]]:
    if name in allowed(ARGUMENTS_ALLOWED) or name in CLASSES:
        return
    if name in VARIABLES:
        yield from _wrong_variables(value, path)
    elif name in FREE:
        yield from _wrong(value, path, free=True)
    elif name in PLAIN or (free and WORD.fullmatch(name)):
        yield from _wrong(value, path, free=False)
    else:
        yield path, f"{name!r} is no argument of clusters that a config may set"


def _wrong_variables(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield path, "variables are given as name: value"
        return
    for name, item in value.items():
        if not VARIABLE.fullmatch(str(name)) and name not in allowed(ARGUMENTS_ALLOWED):
            yield f"{path}.{name}", f"{name!r} is no variable of workers that a config may set"
        else:
            yield from _wrong(item, f"{path}.{name}", free=False)
