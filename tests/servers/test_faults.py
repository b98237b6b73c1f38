"""A store that has a bad day: runs finish with the same rows, or say which object it was."""

from __future__ import annotations

import random
from typing import Any

import fsspec
import pytest

from labelworks.schemas.errors import StoreError
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.storage import ranges, retries
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

BODIES = ("truncated", "short", "cut", "lost")


def test_a_run_over_a_bad_network_publishes_the_rows_of_a_good_one(
    made: Any, write: Any, run_config: Any, published: Any, bucket: Any, proxy: Any
) -> None:
    url, options = bucket
    source = write(made().table)
    fsspec.filesystem("s3", **options).put(str(source), f"{url}/data/", recursive=True)
    bad = proxy(options["endpoint_url"], rate=0.1, seed=7)
    reached = {**options, "endpoint_url": bad.url}
    remote = run_config(f"{url}/data/", store={"root": f"{url}/store", "storage_options": reached})
    record = run_stages(remote)
    assert (record.status, record.version) == ("published", 1)
    assert {fault for _, _, fault in bad.seen} == {"", *bad.FAULTS}
    good = run_config(source)
    run_stages(good)
    healthy = remote.model_copy(
        update={"store": remote.store.model_copy(update={"storage_options": options})}
    )
    assert published(healthy).equals(published(good))


def test_reads_are_whole_and_in_order_however_the_bodies_come(bucket: Any, proxy: Any) -> None:
    url, options = bucket
    data = random.Random(3).randbytes(3 * ranges.BLOCK + 12345)
    Store(url, options).write("big.bin", data)
    bad = proxy(options["endpoint_url"], rate=0.2, faults=BODIES, seed=5)
    store = Store(url, {**options, "endpoint_url": bad.url})
    assert store.read("big.bin") == data
    with store.open("big.bin") as file:
        found = b"".join(iter(lambda: file.read(3_000_000), b""))
        assert found == data
        file.seek(-ranges.BLOCK - 7, 2)
        assert file.read() == data[-ranges.BLOCK - 7 :]
    assert {fault for *_, fault in bad.seen} == {"", *BODIES}


def test_a_body_that_never_comes_whole_is_an_error_that_names_the_object(
    made: Any, write: Any, bucket: Any, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, options = bucket
    monkeypatch.setattr(retries, "TRIES", 2)
    fsspec.filesystem("s3", **options).put(str(write(made().table)), f"{url}/data/", recursive=True)
    for fault in ("truncated", "short"):
        bad = proxy(options["endpoint_url"], rate=1.0, faults=(fault,), only="part-1")
        reached = {**options, "endpoint_url": bad.url}
        with pytest.raises(StoreError, match=r"data/data/part-1\.parquet"):
            Store(url, reached).read("data/data/part-1.parquet")
        files = list_files(f"{url}/data/", "auto", reached)
        good, cut = (SourceReader(url, file.path, file.format, reached) for file in files)
        assert good.table(None, ["id"]).num_rows == 200
        with pytest.raises(StoreError, match=r"data/data/part-1\.parquet"):
            cut.table(None, ["id"])


def test_a_table_whose_bytes_are_not_those_written_is_refused(made: Any, bucket: Any) -> None:
    url, options = bucket
    store = Store(url, options)
    store.write_table("t.parquet", made().table, compression="none")
    data = bytearray(store.read("t.parquet"))
    data[len(data) // 3] ^= 1
    store.write("t.parquet", bytes(data))
    with pytest.raises(StoreError, match=r"t\.parquet: not a readable parquet file"):
        store.read_table("t.parquet")


def test_a_create_whose_answer_got_lost_is_known_as_ours(bucket: Any, proxy: Any) -> None:
    url, options = bucket
    bad = proxy(options["endpoint_url"], rate=1.0, faults=("lost", ""), only="v/")
    store = Store(url, {**options, "endpoint_url": bad.url})
    for number in range(2):
        assert store.create(f"v/{number}", b"ours")
        assert not store.create(f"v/{number}", b"another's")
    assert ("PUT", "lost") in {(method, fault) for method, _, fault in bad.seen}
    assert {Store(url, options).read(f"v/{number}") for number in range(2)} == {b"ours"}


@pytest.mark.parametrize("fault", ["stall", "hang"])
def test_a_server_that_stalls_for_longer_than_is_waited_is_asked_again(
    bucket: Any, proxy: Any, fault: str
) -> None:
    url, options = bucket
    data = random.Random(3).randbytes(100_000)
    Store(url, options).write("x.bin", data)
    bad = proxy(options["endpoint_url"], rate=1.0, faults=(fault, ""), only="x.bin")
    waiting = {"endpoint_url": bad.url, "config_kwargs": {"read_timeout": bad.STALL / 3}}
    assert Store(url, {**options, **waiting}).read("x.bin") == data
    assert fault in {found for _, _, found in bad.seen}
