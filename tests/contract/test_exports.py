"""What every form of a version keeps to besides parquet: the same rows, once, also after a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from schemas.config import PublishConfig, RunConfig, StoreConfig
from schemas.errors import ConfigError
from schemas.tables import published_schema
from tasks.io.exports import EXPORTS, check_exports, datasets, delta
from tasks.io.exports.base import Version
from tasks.io.opening import open_run
from tasks.io.store import Store

KINDS = {"label": ["cat", "dog"], "action": ["keep", "relabel"]}


def part(run: str, start: int, rows: int = 30) -> pa.Table:
    table = pa.table(
        {
            "id": [f"r{row:03d}" for row in range(start, start + rows)],
            **{name: [values[row % 2] for row in range(rows)] for name, values in KINDS.items()},
            "original_label": ["cat"] * rows,
            "reason": ["ж"] * rows,
            "suggestion": pa.nulls(rows, pa.string()),
            "weight": pa.array([0.5] * rows, pa.float32()),
            "soft_label": pa.array([[0.25, 0.75]] * rows, pa.list_(pa.float32())),
            "quality": pa.array([1.0] * rows, pa.float32()),
            "pair_mismatch": pa.nulls(rows, pa.float32()),
            "source_file": ["a.csv"] * rows,
            "source_row": list(range(rows)),
            "run_id": [run] * rows,
        }
    )
    return table.select(published_schema(pa.string()).names).cast(published_schema(pa.string()))


def publish(store: Store, number: int) -> Version:
    run = f"run-{number}"
    names = []
    for place in range(3):
        names.append(f"d/runs/{run}/publish/part-{place}.parquet")
        store.write_table(names[-1], part(run, 100 * place))
    return Version(store, "d", number, run, tuple(names))


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
    return loaded.data.table.combine_chunks()


def read_delta(version: Version) -> pa.Table:
    from deltalake import DeltaTable

    table = DeltaTable(delta.address(version), storage_options=delta._options(version.store))
    return pa.table(table.to_pyarrow_table())


READERS = {"datasets": read_datasets, "delta": read_delta}


def plain(table: pa.Table) -> list[dict[str, Any]]:
    return table.sort_by("id").to_pylist()


@pytest.mark.parametrize("name", EXPORTS)
class TestExport:
    """Every form."""

    def test_holds_the_rows_of_the_parts(self, store: Store, name: str) -> None:
        version = publish(store, 1)
        assert not EXPORTS[name].done(version)
        EXPORTS[name].write(version)
        assert EXPORTS[name].done(version)
        found = READERS[name](version)
        assert found.column_names == published_schema(pa.string()).names
        assert plain(found) == plain(pa.concat_tables(version.tables()))
        assert EXPORTS[name].address(version).startswith(store.url("d/"))

    def test_holds_the_last_version_whatever_is_written_again(self, store: Store, name: str) -> None:
        first, second = publish(store, 1), publish(store, 2)
        for version in (first, second, first):
            EXPORTS[name].write(version)
        assert set(READERS[name](second)["run_id"].to_pylist()) == {"run-2"}
        assert EXPORTS[name].done(first)


def test_delta_has_one_commit_a_version_with_the_run_in_its_history(tmp_path: Path) -> None:
    from deltalake import DeltaTable

    store = Store(str(tmp_path))
    for number in (1, 1, 2, 1, 2):
        delta.write(publish(store, number))
    table = DeltaTable(str(tmp_path / "d/delta"))
    assert table.version() == 1
    assert [entry["labelworks.run_id"] for entry in table.history()] == ["run-2", "run-1"]
    earlier = DeltaTable(str(tmp_path / "d/delta"), version=0).to_pyarrow_table()
    assert set(pa.table(earlier)["run_id"].to_pylist()) == {"run-1"}


def test_a_datasets_folder_is_not_there_before_all_of_it_is(tmp_path: Path) -> None:
    version = publish(Store(str(tmp_path)), 1)
    lost = replace(version, parts=(*version.parts[:2], "d/none.parquet"))
    with pytest.raises(Exception, match=r"none\.parquet"):
        datasets.write(lost)
    assert not datasets.done(version)
    datasets.write(version)
    assert read_datasets(version).num_rows == 90


def test_a_form_that_needs_an_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "find_spec", lambda name: None)
    section = {"source": str(tmp_path), "label": "label", "features": {"text": "text"}}
    config = RunConfig.model_validate({"dataset": section, "publish": {"also": ["delta"]}})
    with pytest.raises(ConfigError, match=r"labelworks\[delta\]"):
        check_exports(config)
    check_exports(config.model_copy(update={"publish": PublishConfig()}))


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
    assert delta._options(Store(root, options)) == expected


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
        open_run(config, options)
