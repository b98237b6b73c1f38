"""Who runs a stage: Prefect where a flow runs, which shows and keeps it, or whoever calls it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from labelworks.schemas.secrets.logging import redacted

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_logger = logging.getLogger("labelworks")
_logger.addHandler(logging.NullHandler())  # whoever imports this says what becomes of its logs


def in_flow() -> bool:
    """Whether a flow of Prefect runs here."""
    return FlowRunContext.get() is not None


def run_logger() -> Any:
    """The log of the flow run at hand; outside of one, this package's own."""
    return get_run_logger() if in_flow() else _logger


def stage_task(name: str) -> Callable[[Callable[_Given, _Result]], Callable[_Given, _Result]]:
    """Make a function a task where a flow runs; outside of one a call is a call, and needs no API."""

    def made(work: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
        discreet = redacted()(work)
        as_task = task(name=name, task_run_name=name, cache_policy=NO_CACHE)(discreet)

        @wraps(work)
        def called(*given: _Given.args, **named: _Given.kwargs) -> _Result:
            return as_task(*given, **named) if in_flow() else discreet(*given, **named)

        return called

    return made
