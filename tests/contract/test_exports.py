"""What every form of a version keeps to besides parquet: the same rows, once, also after a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import PublishConfig, RunConfig, StoreConfig
from labelworks.schemas.errors import ConfigError, StoreError
from labelworks.schemas.tables import published_schema
from labelworks.tasks.exports import EXPORTS, check_exports, datasets, delta
from labelworks.tasks.exports.base import Version
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.storage.store import Store

Publish = Callable[[Store, int], Version]


@pytest.fixture
def publish(version_of: Any, tmp_path: Path) -> Publish:
    """Publishes the same rows of three files as one version or another."""
    source = tmp_path / "source"
    source.mkdir()
    for part in range(3):
        rows = range(100 * part, 100 * part + 30)
        table = {
            "id": [f"r{row:03d}" for row in rows],
            "words": [f"ж {row}" for row in rows],
            "label": [("cat", "dog")[row // 3 % 2] for row in rows],
        }
        pq.write_table(pa.table(table), source / f"part-{part}.parquet")
    section = {
        "name": "d", "source": str(source), "id": "id", "label": "label", "features": {"text": "words"},
    }  # fmt: skip
    return lambda store, number: version_of({"dataset": section}, store, number)


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    if request.param == "local":
        return Store(str(tmp_path / "a store"))
    url, options = request.getfixturevalue("bucket")
    return Store(f"{url}/a store", options)


def read_datasets(version: Version) -> pa.Table:
    library = pytest.importorskip("datasets")
    options = version.store.options or None
    loaded = library.load_from_disk(datasets.address(version), storage_options=options)
    assert loaded["words"][:] == [f"ж {int(name[1:])}" for name in loaded["id"]]
    table = loaded.data.table.combine_chunks().drop_columns(["words"])
    for name in ("label", "original_label", "suggestion"):
        feature, codes = loaded.features[name], table[name].to_pylist()
        names = [None if code is None else feature.int2str(code) for code in codes]
        table = table.set_column(table.column_names.index(name), name, pa.array(names, pa.string()))
    return table


def read_delta(version: Version) -> pa.Table:
    from deltalake import DeltaTable

    table = DeltaTable(delta.address(version), storage_options=delta.storage_options(version.store))
    return pa.table(table.to_pyarrow_table())


READERS = {"datasets": read_datasets, "delta": read_delta}


def plain(table: pa.Table) -> list[dict[str, Any]]:
    return table.sort_by("id").to_pylist()


def test_every_form_is_read_or_describes_the_parts() -> None:
    assert {*READERS, "card", "croissant"} == {*EXPORTS}  # tests/servers/test_croissant.py reads those


@pytest.mark.parametrize("name", READERS)
class TestExport:
    """Every form."""

    def test_holds_the_rows_of_the_parts(self, store: Store, name: str, publish: Publish) -> None:
        version = publish(store, 1)
        assert not EXPORTS[name].done(version)
        EXPORTS[name].write(version)
        assert EXPORTS[name].done(version)
        found = READERS[name](version)
        assert found.column_names == published_schema(pa.string()).names
        assert plain(found) == plain(pa.concat_tables(version.tables()))
        assert EXPORTS[name].address(version).startswith(store.url("d/"))

    def test_holds_the_last_version_whatever_is_written_again(
        self, store: Store, name: str, publish: Publish
    ) -> None:
        first, second = publish(store, 1), publish(store, 2)
        for version in (first, second, first):
            EXPORTS[name].write(version)
        assert set(READERS[name](second)["run_id"].to_pylist()) == {"run-2"}
        assert EXPORTS[name].done(first)


def test_delta_has_one_commit_a_version_with_the_run_in_its_history(tmp_path: Path, publish: Publish) -> None:
    from deltalake import DeltaTable

    store = Store(str(tmp_path))
    for number in (1, 1, 2, 1, 2):
        delta.write(publish(store, number))
    table = DeltaTable(str(tmp_path / "d/delta"))
    assert table.version() == 1
    assert [entry["labelworks.run_id"] for entry in table.history()] == ["run-2", "run-1"]
    earlier = DeltaTable(str(tmp_path / "d/delta"), version=0).to_pyarrow_table()
    assert set(pa.table(earlier)["run_id"].to_pylist()) == {"run-1"}


def test_a_datasets_folder_is_not_there_before_all_of_it_is(tmp_path: Path, publish: Publish) -> None:
    version = publish(Store(str(tmp_path)), 1)
    part, kept = version.parts[2], version.store.read(version.parts[2])
    version.store.delete(part)
    with pytest.raises(StoreError, match=part):
        datasets.write(version)
    assert not datasets.done(version)
    version.store.write(part, kept)
    datasets.write(version)
    assert read_datasets(version).num_rows == 90


def test_a_form_that_needs_an_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "find_spec", lambda name: None)
    section = {"source": str(tmp_path), "label": "label", "features": {"text": "text"}}
    config = RunConfig.model_validate({"dataset": section, "publish": {"also": ["delta"]}})
    with pytest.raises(ConfigError, match=r"labelworks\[delta\]"):
        check_exports(config.publish.also)
    check_exports(PublishConfig().also)


KEY_FILE = {"type": "service_account", "private_key": "k"}


@pytest.mark.parametrize(("root", "options", "expected"), [
    ("gs://b/x", {"token": "anon"}, {"google_skip_signature": "true"}),
    ("gs://b/x", {"token": "/keys/me.json"}, {"google_application_credentials": "/keys/me.json"}),
    ("gs://b/x", {"token": KEY_FILE}, {"google_service_account_key": json.dumps(KEY_FILE)}),
    ("gs://b/x", {"token": "google_default", "project": "p"}, {}),
    ("az://c/x", {"account_name": "a", "account_key": "k"},
     {"azure_storage_account_name": "a", "azure_storage_account_key": "k"}),
    ("abfs://c/x", {"account_name": "a", "tenant_id": "t", "client_id": "c", "client_secret": "s"},
     {"azure_storage_account_name": "a", "azure_storage_tenant_id": "t", "azure_storage_client_id": "c",
      "azure_storage_client_secret": "s"}),
    ("s3://b/x", {"key": "k", "secret": "s", "endpoint_url": "http://h:1"},
     {"aws_access_key_id": "k", "aws_secret_access_key": "s", "aws_endpoint_url": "http://h:1",
      "aws_allow_http": "true"}),
    ("store", {}, None),
])  # fmt: skip
def test_delta_reaches_a_store_by_its_options(
    root: str, options: dict[str, Any], expected: dict[str, str] | None
) -> None:
    assert delta.storage_options(Store(root, options)) == expected


@pytest.mark.parametrize(("root", "options", "key"), [
    ("az://c/x", {"connection_string": "k"}, "connection_string"),
    ("gs://b/x", {"token": object()}, "token"),
    ("gs://b/x", {"endpoint_url": "http://h:1"}, "endpoint_url"),
])  # fmt: skip
def test_what_delta_has_no_word_for_is_refused_before_the_run(
    root: str, options: dict[str, Any], key: str, tmp_path: Path
) -> None:
    section = {"source": str(tmp_path), "label": "label", "features": {"text": "text"}}
    config = RunConfig.model_validate({"dataset": section, "publish": {"also": ["delta"]}})
    config = config.model_copy(update={"store": StoreConfig(root=root)})
    with pytest.raises(ConfigError, match=rf"delta can't reach {root} by the storage option '{key}'"):
        plan_run(config, options)
