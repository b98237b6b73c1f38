"""The pipeline in this process alone: for tests that look at what a run gives, and not at who runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

from prefect import Flow

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
    """In this block a flow is the function that it wraps, and so its stages are plain calls.

    The report's pictures are made and not drawn, which is a fifth of a run: tests/unit/report draws them.
    servers: called where a run would start its servers.
    """
    with (
        patch.object(Flow, "__call__", _called),
        patch("labelworks.flows.execute.servers", servers),
        patch("labelworks.tasks.report.plots.svg", lambda figure, name: "<svg></svg>"),
    ):
        yield


def _called(wrapped: Flow[Any, Any], *arguments: Any, **named: Any) -> Any:
    return wrapped.fn(*arguments, **named)
