"""A cluster of a class that the config names: SLURM, Kubernetes, a cloud, whatever Dask has a class for."""

from __future__ import annotations

import importlib
import inspect
import signal
import time
from difflib import get_close_matches
from threading import current_thread, main_thread
from typing import Any

from labelworks.infra.cluster.gpu import gpu_workers
from labelworks.infra.cluster_rules import check_arguments, check_package, classes
from labelworks.schemas.config.run import ComputeConfig, RunConfig
from labelworks.schemas.errors import ConfigError

KEY = "compute.cluster_class"
LOOK_SECONDS = 0.25
PACKAGES = {"dask_cloudprovider": "dask-cloudprovider[all]"}


def check_cluster(config: RunConfig) -> None:
    """Raise ConfigError if the class can't be imported, is no cluster, or takes no such arguments."""
    if config.compute.cluster_class:
        _checked(config.compute)


def load(path: str, where: str = KEY) -> type:
    """Import a class by its path; ConfigError for one that no config may name, or saying what to install."""
    check_package(path, where)
    module_name, _, name = path.rpartition(".")
    try:
        module = _imported(module_name)
    except Exception as error:  # whatever a package that is half installed raises
        package = path.split(".")[0]
        install = PACKAGES.get(package, package.replace("_", "-"))
        raise ConfigError(
            f"{path!r} can't be imported ({error})",
            where=where,
            fix=f"pip install {install}, or check the path",
        ) from error
    loaded = getattr(module, name, None)
    if not inspect.isclass(loaded):
        near = get_close_matches(
            name, [known for known in dir(module) if known.endswith("Cluster")], n=3, cutoff=0.3
        )
        raise ConfigError(
            f"there is no class {name!r} in {module_name!r}",
            where=where,
            fix=f"did you mean {', '.join(near)}?" if near else "",
        )
    check_package(f"{loaded.__module__}.{name}", where)
    return loaded


def _checked(compute: ComputeConfig) -> type:
    """The class, having seen that it is a cluster's, and that a config may give its arguments."""
    from distributed.core import Server
    from distributed.deploy.cluster import Cluster
    from distributed.deploy.spec import ProcessInterface

    kind = load(str(compute.cluster_class))
    _is_a(kind, (Cluster,), KEY, "cluster of Dask")
    _accepts(kind, compute.cluster_kwargs)
    check_arguments(compute.cluster_kwargs)
    for path, where in classes(compute.cluster_kwargs):
        _is_a(load(path, where), (Server, ProcessInterface), where, "scheduler or worker of Dask")
    return kind


def _is_a(kind: type, bases: tuple[type, ...], where: str, what: str) -> None:
    if not issubclass(kind, bases):
        raise ConfigError(f"{kind.__module__}.{kind.__qualname__} is no {what}", where=where)


def _imported(module_name: str) -> Any:
    """Import a module; Ctrl-C stays ours, though dask-jobqueue takes signals over when it is imported."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    kept = {number: signal.getsignal(number) for number in numbers}
    try:
        return importlib.import_module(module_name)
    finally:
        if current_thread() is main_thread():
            for number, handler in kept.items():
                signal.signal(number, handler)


def opened(compute: ComputeConfig) -> Any:
    """The cluster, told to have the configured number of workers; its own number where that is `auto`."""
    kind = _checked(compute)
    try:
        made = kind(**compute.cluster_kwargs)
    except Exception as error:  # whatever a queue, a cloud or an API answers
        text = str(error).strip().split("\n")[0] or type(error).__name__
        raise ConfigError(
            f"{compute.cluster_class} can't be started: {text}", where=KEY, fix="check compute.cluster_kwargs"
        ) from error
    if compute.workers != "auto":
        made.scale(compute.workers)
    return made


def await_workers(client: Any, compute: ComputeConfig) -> None:
    """Wait for the first worker, and for one with a GPU where that is required; ConfigError if none comes."""
    ends = time.monotonic() + compute.wait
    try:
        client.wait_for_workers(1, timeout=compute.wait)
    except TimeoutError as error:
        raise ConfigError(
            f"{compute.cluster_class} has no worker after {compute.wait} s",
            where=KEY,
            fix="set compute.workers, look into the queue or the workers' logs, or raise compute.wait",
        ) from error
    while compute.gpu == "require" and not gpu_workers(client):
        if time.monotonic() > ends:
            raise ConfigError(
                f"{compute.cluster_class} has no worker with a GPU after {compute.wait} s",
                where=KEY,
                fix="let its workers start with --resources 'GPU=1', or raise compute.wait",
            )
        time.sleep(LOOK_SECONDS)


def _accepts(made: Any, arguments: dict[str, Any]) -> None:
    """Look for unknown arguments of a class that names its own; of dask-jobqueue also those of its jobs."""
    job = getattr(made, "job_cls", None)
    names = set(_parameters(made))
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in _parameters(made).values()):
        if job is None:
            return
        names |= {
            name for kind in (*inspect.getmro(made), *inspect.getmro(job)) for name in _parameters(kind)
        }
    unknown = sorted(set(arguments) - names)
    if unknown:
        near = get_close_matches(unknown[0], names, n=1)
        raise ConfigError(
            f"{made.__name__} takes no {unknown[0]!r}",
            where="compute.cluster_kwargs",
            fix=f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(sorted(names))}",
        )


def _parameters(kind: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(kind).parameters) if kind is not object else {}
