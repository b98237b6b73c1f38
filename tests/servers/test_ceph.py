"""The pipeline on a real S3 server, Ceph's, by the command line: ingest to publish, going on, two at once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import fsspec
import pytest
import yaml

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import versions

pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture
def config(made: Any, write: Any, run_config: Any, ceph_bucket: Any) -> Any:
    url, options = ceph_bucket
    fsspec.filesystem("s3", **options).put(str(write(made().table, parts=3)), f"{url}/in/", recursive=True)
    data = {"dataset": {"storage_options": options}}
    return run_config(f"{url}/in/", store={"root": f"{url}/store", "storage_options": options}, **data)


@pytest.fixture
def file(config: Any, tmp_path: Any) -> str:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
    return str(tmp_path / "c.yaml")


def test_publishes_what_a_local_run_does_and_goes_on_where_it_was_stopped(
    config: Any, file: str, made: Any, write: Any, run_config: Any, command: Any, published: Any
) -> None:
    code, out, err = command("run", file, "--json")
    assert code == 0, err
    record = json.loads(out)
    local = run_config(write(made().table, "local", parts=3))
    from labelworks.flows.execute import execute

    execute(local)
    assert published(config).equals(published(local))
    store, run = Store(config.store.root, dict(config.store.storage_options)), f"made/runs/{record['run_id']}"
    whole = published(config, all_columns=True)
    lost = store.read_table(f"{run}/{record['parts'][1]}").num_rows
    names = ("manifest.json", "publish/result.json", record["parts"][1])
    for name in ("made/versions/1.json", *(f"{run}/{name}" for name in names)):
        store.delete(name)  # as if it had been killed while it published
    code, out, err = command("run", file, "--json")
    assert code == 0, err
    again = json.loads(out)
    assert (again["run_id"], again["version"]) == (record["run_id"], 1)
    assert (again["work"]["published_rows"], again["work"]["treated_rows"]) == (lost, 0)
    assert published(config, all_columns=True).equals(whole)


def test_two_that_run_at_once_publish_two_whole_versions(config: Any, file: str, published: Any) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "labelworks.flows.cli.app", "run", file, "--json",
             "--set", f"treat.mode={mode}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for mode in ("both", "relabel")
    ]  # fmt: skip
    said = [process.communicate(timeout=300) for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    records = [json.loads(out) for out, _ in said]
    first = min(records, key=lambda record: record["version"])["run_id"]
    told = f"run {first} published first, as version 1: this run is version 2"
    assert sorted(told in err for _, err in said) == [False, True], said
    assert sorted(record["version"] for record in records) == [1, 2]
    assert versions(Store(config.store.root, dict(config.store.storage_options)), "made") == [1, 2]
    for record in records:
        table = published(config, record["version"], all_columns=True)
        assert (table.num_rows, set(table["run_id"].to_pylist())) == (400, {record["run_id"]})


def test_a_wrong_secret_is_refused_and_not_repeated(ceph_bucket: Any) -> None:
    url, options = ceph_bucket
    wrong = Store(url, {**options, "key": "test", "secret": "not-the-secret"})
    with pytest.raises(StoreError, match="check the credentials") as caught:
        wrong.write("x", b"1")
    assert "not-the-secret" not in f"{caught.value!r} {caught.value}"
