"""Stores that can't be reached, read or written: exit code 2 and what to do, before any work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.mistakes import NOBODY


class Refusing(BaseHTTPRequestHandler):
    """An S3 endpoint where everything may be read and nothing written: every bucket is empty."""

    def do_GET(self) -> None:
        self._answer(200, b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")

    def do_HEAD(self) -> None:
        self._answer(404, b"")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(403, b"<Error><Code>AccessDenied</Code><Message>read-only</Message></Error>")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def read_only() -> Iterator[str]:
    """An endpoint whose buckets refuse every write."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_store_that_cannot_be_written(refuse: Any, earlier: Any, read_only: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refuse(earlier[0], f"store.root={tmp_path}/file/store")
    assert said.startswith(f"labelworks: {tmp_path}/file/store/made: the store can't be written: ")
    assert "a file is where a folder should be" in said
    options = f"store.storage_options={{endpoint_url: '{read_only}'}}"
    said = refuse(earlier[0], "store.root=s3://bucket/store", options)
    assert said.startswith("labelworks: s3://bucket/store/made: the store can't be written: ")
    assert "check the credentials and their rights" in said


def test_wrong_credentials(refuse: Any, earlier: Any, strict_moto: str) -> None:
    options = f"{{endpoint_url: '{strict_moto}'}}"
    said = refuse("s3://bucket/data/", f"dataset.storage_options={options}")
    assert said.startswith("labelworks: s3://bucket/data/: access is refused")
    assert "check the credentials" in said
    said = refuse(earlier[0], "store.root=s3://bucket/store", f"store.storage_options={options}")
    assert said.startswith("labelworks: s3://bucket/store/made: the store can't be written: ")
    assert "check the credentials" in said


def test_a_server_that_is_not_there(refuse: Any, earlier: Any) -> None:
    once = "config_kwargs: {retries: {max_attempts: 1}}"  # as usual: for twenty seconds
    nobody = f"{{endpoint_url: 'http://{NOBODY}', {once}}}"
    said = refuse("s3://bucket/data/", f"dataset.storage_options={nobody}")
    assert said.startswith("labelworks: s3://bucket/data/: the store can't be reached")
    assert "check the endpoint" in said
    said = refuse(earlier[0], "store.root=s3://bucket/store", f"store.storage_options={nobody}")
    assert said.startswith("labelworks: s3://bucket/store/made: the store can't be written: ")
    assert "can't be reached" in said.partition("\n")[0]
    assert "check the endpoint" in said


def test_a_bucket_that_is_not_there(refuse: Any, earlier: Any, moto: str) -> None:
    said = refuse("s3://no-such-bucket/", f"dataset.storage_options={{endpoint_url: '{moto}'}}")
    assert said.startswith("labelworks: s3://no-such-bucket/: ")
    said = refuse(
        earlier[0], "store.root=s3://no-bucket", f"store.storage_options={{endpoint_url: '{moto}'}}"
    )
    assert "check the bucket's or folder's name" in said
