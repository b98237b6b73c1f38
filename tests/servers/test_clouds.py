"""Stores of other clouds: Google's by a server of its kind; Azure's as far as it opens without one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.listing import objects
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import claim_version, versions
from tests.support.servers import shared

KEY = "bm8ga2V5IGF0IGFsbA=="  # base64, as keys of Azure are


@pytest.fixture(scope="module")
def google() -> Iterator[Store]:
    with shared("google") as address:
        yield Store("gs://bucket/store", {"endpoint_url": address, "token": "anon"})


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_google_keeps_lists_and_numbers(made: Any, google: Store) -> None:
    data = b"0123456789" * 500_000
    google.write("a/big", data)
    assert google.read("a/big") == data
    with google.open("a/big") as file:
        file.seek(4_999_990)
        assert file.read() == b"0123456789"
    google.write_table("a/t.parquet", made().table)
    assert google.read_table("a/t.parquet").equals(made().table)
    assert google.names("a") == {"big", "t.parquet"}
    first = objects(google, "a")[0]
    assert (first.name, first.size) == ("a/big", len(data))
    assert first.time is not None
    assert abs(first.time - time.time()) < 600
    google.delete("a/big")
    assert not google.exists("a/big")
    with pytest.raises(StoreError, match="there is no such file"):
        google.read("a/big")
    claimed = [claim_version(google, "d", run, "m") for run in ("one", "two", "one")]
    assert (claimed, versions(google, "d")) == ([1, 2, 1], [1, 2])


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_google_refuses_to_create_what_is_there(google: Store, proxy: Any) -> None:
    passed = proxy(google.options["endpoint_url"])
    store = Store(google.root, {**google.options, "endpoint_url": passed.url})
    assert store.try_conditional_put()
    assert store.create("c/1", b"first")
    assert not store.create("c/1", b"second")
    assert google.read("c/1") == b"first"
    claimed = [claim_version(store, "e", run, "m") for run in ("one", "two", "one")]
    assert (claimed, versions(google, "e")) == ([1, 2, 1], [1, 2])
    # Two to find out, asked for once here and by each of two claims; two of c/1, two versions.
    assert passed.count("POST", "ifGenerationMatch=0") == 10


def test_azure_opens_and_hides_its_key() -> None:
    options = {"account_name": "labelworks", "account_key": KEY}
    store = Store("az://container/store", options)
    assert store.url("x").endswith("container/store/x")
    assert KEY not in repr(store)


@pytest.mark.parametrize(("url", "package", "extra"), [
    ("gs://bucket/x", "gcsfs", "gcs"), ("az://container/x", "adlfs", "azure"),
])  # fmt: skip
def test_a_missing_package_is_named_by_its_extra(url: str, package: str, extra: str) -> None:
    code = f"""
import sys
sys.modules[{package!r}] = None
from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.store import Store
try:
    Store({url!r}).exists("y")
except StoreError as error:
    print(error)
"""
    # In a process of its own: fsspec remembers what it has opened.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"pip install 'labelworks[{extra}]'" in done.stdout, done.stderr
