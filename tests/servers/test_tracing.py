"""Spans of a run, as a collector on loopback gets them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from labelworks.flows.execute import execute

pytestmark = pytest.mark.usefixtures("prefect_api")
STAGES = {"ingest", "embed", "detect", "treat", "validate", "publish"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Spans that an OTLP collector was sent."""
    received: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    # Prefect's own spans of flows and tasks come too
                    received.extend(span for span in scope.spans if scope.scope.name == "labelworks")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield received
        trace.get_tracer_provider().shutdown()  # type: ignore[attr-defined] - for no later test
        server.shutdown()
        thread.join()


def test_stages_and_partition_groups_are_spans_of_one_trace(
    made: Any, write: Any, raw_config: Any, collector: list[Any]
) -> None:
    from labelworks.schemas.config.run import RunConfig

    config = RunConfig.model_validate(raw_config(write(made().table), compute={"workers": 1}))
    record = execute(config)
    names = {span.name for span in collector}
    assert names >= {"curate", *STAGES, "embed group", "detect partition", "publish partition"}
    assert len({span.trace_id for span in collector}) == 1
    (root,) = (span for span in collector if span.name == "curate")
    values = {attribute.key: attribute.value.string_value for attribute in root.attributes}
    assert values == {"labelworks.dataset": "made", "labelworks.run": record.run_id}
    assert {span.parent_span_id for span in collector if span.name in STAGES} == {root.span_id}


def test_a_collector_that_does_not_answer_holds_up_no_run(tmp_path: Path, made: Any, write: Any) -> None:
    """In a process of its own: its tracer provider stays for good."""

    source = write(made().table)
    (tmp_path / "config.yaml").write_text(
        f"dataset: {{name: made, source: {source}, id: id, label: label, features: {{vector: vector}}}}\n"
        f"store: {{root: {tmp_path}/store}}\ncompute: {{workers: 1}}\n"
    )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "labelworks.flows.cli.app", "run", "config.yaml", "--json"],
            cwd=tmp_path,
            env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": url},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    assert json.loads(done.stdout)["status"] == "published", done.stderr
