"""The Prefect server on PostgreSQL, behind basic auth: a scheduled run fires and publishes."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelworks.infra.processes.foreign import started
from tests.support.servers import INITDB, shared
from tests.support.waiting import wait_for

PASSWORD = secrets.token_hex(16)
AUTH = f"admin:{PASSWORD}"
SECONDS = 240


def ended(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture
def postgres() -> Iterator[str]:
    """Address of an empty database of a server on loopback."""
    if INITDB is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with shared("postgres") as address:
        yield address


@pytest.fixture
def api(postgres: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of clients of a Prefect server on that database, which asks for a password."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"},
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_AUTH_STRING": AUTH,
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    serving = {"PREFECT_API_DATABASE_CONNECTION_URL": postgres, "PREFECT_SERVER_API_AUTH_STRING": AUTH}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port"]
    with (tmp_path / "server.log").open("wb") as log:
        more = {"env": {**environment, **serving}, "stdout": log, "stderr": log, "hold": False}
        with started(lambda port: [*command, str(port)], seconds=SECONDS, **more) as port:
            yield {**environment, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}


def answers(url: str, auth: str = "") -> int:
    import base64
    import urllib.error
    import urllib.request

    headers = {"Authorization": "Basic " + base64.b64encode(auth.encode()).decode()} if auth else {}
    headers["Content-Type"] = "application/json"
    try:
        request = urllib.request.Request(url, b"{}" if url.endswith("filter") else None, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_scheduled_run_on_postgresql_behind_a_password(
    api: dict[str, str], made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    url = api["PREFECT_API_URL"]
    wait_for(lambda: answers(f"{url}/health") == 200, SECONDS, about="server")
    assert answers(f"{url}/flow_runs/filter") == 401
    assert answers(f"{url}/flow_runs/filter", "admin:wrong") == 401
    assert answers(f"{url}/flow_runs/filter", AUTH) == 200
    config = run_config(write(made().table))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
    labelworks = [sys.executable, "-m", "labelworks.flows.cli.app"]
    deploy = [*labelworks, "deploy", str(tmp_path / "config.yaml"), "--interval", "5s"]
    said = subprocess.run(deploy, env=api, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    with (tmp_path / "worker.log").open("wb") as log:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "labelworks"]
        worker = subprocess.Popen(command, env=api, stdout=log, stderr=log)
        try:
            wait_for((tmp_path / "store/made/versions/1.json").exists, SECONDS, about="version")
        finally:
            worker.send_signal(2)
            ended(worker)
    assert [path.name for path in (tmp_path / "store/made/versions").iterdir()] == ["1.json"]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in said.stdout + said.stderr
