"""Spans of stages and of partition groups; without an exporter (infra/observability) they go nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from opentelemetry import propagate, trace

_Result = TypeVar("_Result")


@contextmanager
def span(
    name: str, parent: Mapping[str, str] | None = None, **attributes: str | int | float
) -> Iterator[None]:
    """Trace this block; `parent`: a `carrier` of another process, None: the span of this context."""
    context = propagate.extract(parent) if parent else None
    named = {f"labelworks.{key}": value for key, value in attributes.items()}
    with trace.get_tracer("labelworks").start_as_current_span(name, context=context, attributes=named):
        yield


def carrier() -> dict[str, str]:
    """The current span, to be sent to another process; empty if nothing is traced."""
    carried: dict[str, str] = {}
    propagate.inject(carried)
    return carried


def spanned(name: str, function: Callable[..., _Result]) -> Callable[..., _Result]:
    """The function with a span around each call, whichever process calls it; itself if nothing is traced."""
    parent = carrier()
    return partial(_spanned, function, name, parent) if parent else function


def _spanned(
    function: Callable[..., _Result], name: str, parent: dict[str, str], *given: Any, **named: Any
) -> _Result:
    with span(name, parent):
        return function(*given, **named)
