"""The doctor's checks, each on something sound and on something broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

import labelworks.infra.doctor.doctor
from labelworks.infra.doctor.doctor import (
    OFF,
    examine_module,
    examine_prefect,
    examine_requirements,
    examine_store,
    examine_telemetry,
)
from labelworks.infra.doctor.machine import examine_machine
from labelworks.tasks.storage.store import Store

ROOT = Path(labelworks.infra.doctor.doctor.__file__).parents[2]


@contextmanager
def answering(text: bytes) -> Iterator[str]:
    """A web server on loopback that answers everything so."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/health" else 404)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def test_the_pins_have_lines_of_their_own() -> None:
    found = {each.check: each for each in examine_requirements(["fastapi<0.1", "SQLAlchemy>=1", "numpy>=1"])}
    assert found["pin of fastapi"].status == "fail"
    assert "crash the Prefect server" in found["pin of fastapi"].fix
    assert found["pin of sqlalchemy"].status == "ok"
    assert found["packages"].status == "ok"


def test_missing_and_old_packages_are_named_and_extras_are_no_matter() -> None:
    wanted = ["numpy>=1", "pyarrow>=999", "no-such-package-here>=1", "another-one; extra == 'dev'"]
    (found,) = examine_requirements(wanted)
    assert found.status == "fail"
    assert "pyarrow" in found.found
    assert "no-such-package-here missing" in found.found
    assert "numpy" not in found.found
    assert "another-one" not in found.found


def test_the_modules_are_those_of_this_project(tmp_path: Path) -> None:
    assert examine_module(ROOT).status == "ok"
    elsewhere = examine_module(tmp_path)
    assert elsewhere.status == "fail"
    assert f"labelworks is {ROOT}" in elsewhere.found


def test_telemetry_has_to_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, values in OFF.items():
        monkeypatch.setenv(name, values[0])
    assert examine_telemetry().status == "ok"
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    monkeypatch.delenv("DO_NOT_TRACK")
    found = examine_telemetry()
    assert found.status == "warn"
    assert found.fix == "export DO_NOT_TRACK=1 GX_ANALYTICS_ENABLED=false"


def test_the_prefect_api_has_to_answer_if_one_is_named() -> None:
    assert examine_prefect("").status == "ok"
    assert examine_prefect("localhost:4200").status == "fail"
    with answering(b"true") as url:
        assert examine_prefect(url).status == "ok"
        assert examine_prefect(f"{url}/").status == "ok"
        assert examine_prefect(f"{url}/other").status == "fail"
    assert "doesn't answer" in examine_prefect(url).found
    with answering(b"<html>") as url:
        assert "not as a Prefect API" in examine_prefect(url).found


def test_a_store_is_written_read_and_left_as_it_was(tmp_path: Path) -> None:
    assert examine_store(Store(str(tmp_path))).status == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_store_to_be_is_not_made(tmp_path: Path) -> None:
    found = examine_store(Store(str(tmp_path / "a/b")))
    assert (found.status, found.found) == ("ok", f"{tmp_path}/a/b will be made")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert examine_store(Store(str(tmp_path / "file"))).status == "fail"
    assert examine_store(Store(str(tmp_path / "file/store"))).status == "fail"
    unknown = examine_store(Store("nowhere://bucket/store"))
    assert unknown.status == "fail"
    assert unknown.fix


def test_the_machine_is_described(tmp_path: Path) -> None:
    found = {each.check: each for each in examine_machine(str(tmp_path / "store"))}
    assert str(tmp_path) in found["disk, store"].found
    assert "cores" in found["cores and memory"].found
    assert {"BLAS threads", "devices", "disk, temporary files"} <= set(found)
    assert "disk, store" not in {each.check for each in examine_machine("s3://bucket/store")}
