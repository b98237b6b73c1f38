"""What every store keeps to: a local folder, and a bucket."""

from __future__ import annotations

import itertools
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import claim_version, read_version, version_of, versions


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return Store(str(tmp_path / "a store"))
    url, options = request.getfixturevalue("bucket")
    return Store(f"{url}/a store", options)


class TestStore:
    """Every store."""

    def test_reads_what_was_written_last(self, store: Store) -> None:
        store.write("a/b/c.bin", b"one")
        store.write("a/b/c.bin", b"two, longer")
        store.write("a/b/empty", b"")
        assert store.read("a/b/c.bin") == b"two, longer"
        assert store.read("a/b/empty") == b""

    def test_reads_one_or_the_other_while_it_is_replaced(self, store: Store) -> None:
        contents = [b"a" * 1000, b"b" * 2000]
        store.write("x", contents[0])
        done = threading.Event()

        def replace() -> None:
            for content in itertools.cycle(contents):
                if done.is_set():
                    return
                store.write("x", content)

        with ThreadPoolExecutor(2) as pool:
            pool.submit(replace)
            try:
                assert {store.read("x") for _ in range(50)} <= set(contents)
            finally:
                done.set()

    def test_reads_what_is_replaced_whenever_it_is_opened(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.write("x", b"a" * 1000)
        opened, contents = store.fs.open, itertools.cycle([b"b" * 2000, b"a" * 1000])

        def replaced(path: str, mode: str = "rb", **options: Any) -> Any:
            file = opened(path, mode, **options)
            if mode == "rb":
                store.write("x", next(contents))
            return file

        monkeypatch.setattr(store.fs, "open", replaced)
        assert store.read("x") in (b"a" * 1000, b"b" * 2000)

    def test_lists_the_names_in_a_folder(self, store: Store) -> None:
        assert store.names("runs") == set()
        for name in ("runs/1/a", "runs/1/b", "runs/2/c", "other/d"):
            store.write(name, b"x")
        assert store.names("runs") == {"1", "2"}
        assert store.names("runs/1") == {"a", "b"}
        store.write("runs/3/late", b"x")
        assert store.names("runs") == {"1", "2", "3"}

    def test_knows_what_exists_also_after_it_was_deleted(self, store: Store) -> None:
        assert not store.exists("x/y")
        store.write("x/y", b"1")
        assert store.exists("x/y")
        store.delete("x/y")
        store.delete("x/y")
        assert not store.exists("x/y")

    def test_creates_an_object_once(self, store: Store) -> None:
        assert store.create("v/1.json", b"first")
        assert not store.create("v/1.json", b"second")
        assert store.read("v/1.json") == b"first"
        assert store.names("v") == {"1.json"}

    def test_of_many_who_create_one_object_one_wins(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda each: store.create("v/1.json", str(each).encode()), range(24)))
        assert won.count(True) == 1
        assert store.read("v/1.json") == str(won.index(True)).encode()
        assert store.names("v") == {"1.json"}

    def test_a_missing_object_is_an_error_that_names_it(self, store: Store) -> None:
        with pytest.raises(StoreError, match=r"a store/none\.bin: there is no such file"):
            store.read("none.bin")

    def test_keeps_tables_and_json(self, store: Store) -> None:
        table = pa.table({"id": ["ä", None], "vector": [[1.0], []]})
        store.write_table("t.parquet", table)
        assert store.read_table("t.parquet").equals(table)
        assert store.read_table("t.parquet", ["id"]).column_names == ["id"]
        store.write_json("j.json", {"ä": [1, None]})
        assert store.read_json("j.json") == {"ä": [1, None]}

    def test_an_unreadable_table_is_an_error_that_names_it(self, store: Store) -> None:
        store.write("t.parquet", b"PAR1 no more")
        with pytest.raises(StoreError, match=r"t\.parquet: not a readable parquet file"):
            store.read_table("t.parquet")

    def test_pickles_and_hides_its_options(self, store: Store) -> None:
        secretive = Store(store.root, {**store.options, "secret": "hidden"})
        assert "hidden" not in repr(secretive)
        store.exists("x")  # its filesystem is open
        copy = pickle.loads(pickle.dumps(store))
        copy.write("from-a-copy", b"1")
        assert store.read("from-a-copy") == b"1"

    def test_gives_every_run_a_version_of_its_own(self, store: Store) -> None:
        assert versions(store, "d") == []
        with ThreadPoolExecutor(6) as pool:
            claimed = list(pool.map(lambda run: claim_version(store, "d", f"run-{run}", "m"), range(6)))
        assert sorted(claimed) == versions(store, "d") == [1, 2, 3, 4, 5, 6]
        for run, number in enumerate(claimed):
            assert read_version(store, "d", number) == {"run_id": f"run-{run}", "manifest": "m"}
            assert (
                version_of(store, "d", f"run-{run}") == claim_version(store, "d", f"run-{run}", "m") == number
            )
        assert version_of(store, "d", "run-9") is None


def test_a_store_of_no_known_kind_is_refused() -> None:
    with pytest.raises(StoreError, match="nosuch://x: can't be opened"):
        Store("nosuch://x").read("y")
