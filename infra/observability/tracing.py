"""Where spans go: to the OTLP collector that OTEL_EXPORTER_OTLP_ENDPOINT names; nowhere by default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import WorkerPlugin

from labelworks.schemas.errors import ConfigError

EVERY_MS = 500  # a worker that is killed takes that much with it
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@contextmanager
def exported(client: Any) -> Iterator[None]:
    """Export the spans of this process and of the workers of a Dask client, if an endpoint is named."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        yield
        return
    provider = install()
    named = {name: os.environ[name] for name in ENDPOINTS if name in os.environ}
    client.register_plugin(Exporting(named), name="labelworks-tracing")
    try:
        yield
    finally:
        provider.force_flush()


class Exporting(WorkerPlugin):
    """Sets up a worker's exporter, and sends what is left when the worker ends."""

    def __init__(self, endpoints: dict[str, str]) -> None:
        self.endpoints = endpoints

    def setup(self, worker: Any) -> None:
        """Called by Dask on each worker."""
        os.environ.update(self.endpoints)
        self.provider = install()

    def teardown(self, worker: Any) -> None:
        """Called by Dask as a worker ends."""
        self.provider.force_flush()


def install() -> Any:
    """The tracer provider of this process; made on the first call.

    Spans are sent by a thread: a collector that doesn't answer holds up no stage.
    Raises ConfigError where the packages of the extra `metrics` are missing.
    """
    from opentelemetry import trace

    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            "traces need packages that are not installed",
            where=ENDPOINTS[0],
            fix="pip install 'labelworks[metrics]'",
        ) from error
    known = trace.get_tracer_provider()
    if isinstance(known, TracerProvider):
        return known
    provider = TracerProvider(resource=Resource.create({"service.name": "labelworks"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=EVERY_MS))
    trace.set_tracer_provider(provider)
    return provider
