"""The pipeline in this process alone: for tests that look at what a run gives, and not at who runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from prefect import Flow, Task
from prefect.artifacts import Artifact
from prefect.logging import disable_run_logger

from labelworks.flows.execute import execute
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import RunRecord
from labelworks.tasks.execution.progress import Progress

Servers = Callable[..., AbstractContextManager[Any]]


def run_stages(config: RunConfig, *, progress: Progress | None = None) -> RunRecord:
    """As `execute`: the flow's stages one after another, their gates and the report, but no server, no Dask.

    A run costs a tenth of one on servers and publishes the same rows
    (tests/servers/test_execute.py).
    """
    with without_engine():
        return execute(config, progress=progress)


@contextmanager
def without_engine(servers: Servers = lambda *_, **__: nullcontext()) -> Iterator[None]:
    """In this block a flow or a task is the function that it wraps; what is for Prefect's API goes nowhere.

    servers: called where a run would start its servers.
    """
    with ExitStack() as stack:
        stack.enter_context(disable_run_logger())
        for kind in (Flow, Task):
            stack.enter_context(patch.object(kind, "__call__", _called))
        stack.enter_context(patch.object(Task, "submit", _submitted))
        stack.enter_context(patch.object(Artifact, "create", _created))
        stack.enter_context(patch("prefect.artifacts.update_progress_artifact", _nothing))
        stack.enter_context(patch("prefect.events.emit_event", _nothing))
        stack.enter_context(patch("labelworks.flows.execute.servers", servers))
        yield


def _called(wrapped: Flow | Task, *arguments: Any, **named: Any) -> Any:
    return wrapped.fn(*arguments, **named)


def _submitted(task: Task, *arguments: Any, **named: Any) -> Future[Any]:
    """What a task gives, or raises when its result is asked for."""
    future: Future[Any] = Future()
    try:
        future.set_result(task.fn(*arguments, **named))
    except Exception as error:
        future.set_exception(error)
    return future


def _created(artifact: Artifact, **_: Any) -> SimpleNamespace:
    return SimpleNamespace(id=uuid4())


def _nothing(*_: Any, **__: Any) -> None: ...
