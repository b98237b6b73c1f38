"""A store inside what is read is refused before any work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.store_apart import check_apart
from labelworks.tasks.storage.store import Store

HERE = {"endpoint_url": "http://127.0.0.1:9000"}


@pytest.mark.parametrize(
    ("source", "store", "refused"),
    [
        ("pets", "pets/store", True),
        ("pets", "pets", True),
        ("pets/", "pets/a/b", True),
        ("pets/*/*.parquet", "pets/store", False),
        ("pets/**/*.json", "pets/store", True),
        ("pets/*/*/*/*.json", "pets/store", True),
        ("pets/cat*/*/*/*.json", "pets/store", False),
        ("pets", "pets/_store", False),
        ("pets", "pets-store", False),
        ("pets/a.parquet", "pets/store", False),
        ("pets", ".", False),
    ],
)
@pytest.mark.parametrize("remote", [False, True])
def test_a_store_is_refused_where_its_objects_would_be_read(
    source: str, store: str, refused: bool, remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, options = (f"s3://bucket/x/{'{}'}", HERE) if remote else (f"{tmp_path}/{'{}'}", {})
    if remote:  # no server is asked: what is called with wildcards isn't there
        monkeypatch.setattr("s3fs.S3FileSystem.exists", lambda *_: False)
    kept, places = Store(root.format(store), options), {"dataset.source": root.format(source)}
    if not refused:
        check_apart(kept, places, options)
        return
    with pytest.raises(ConfigError, match=r"lies inside dataset\.source") as told:
        check_apart(kept, places, options)
    assert told.value.where == "store.root"


def test_a_bucket_of_images_holds_no_store_and_another_server_may() -> None:
    store, places = Store("s3://b/pets/", HERE), {"dataset.image_root": "s3://b"}
    with pytest.raises(ConfigError, match=r"lies inside dataset\.image_root"):
        check_apart(store, places, HERE)
    check_apart(store, places, {"endpoint_url": "http://127.0.0.1:9001"})


def test_a_run_is_refused_before_anything_is_listed_or_written(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    os.symlink(tmp_path / "rows", tmp_path / "linked")
    dataset = {"source": str(tmp_path / "rows"), "label": "label", "features": {"text": "text"}}
    config = RunConfig.model_validate({"dataset": dataset, "store": {"root": str(tmp_path / "linked/store")}})
    with pytest.raises(ConfigError, match=r"lies inside dataset\.source"):
        plan_run(config, {})
    assert not list((tmp_path / "rows").iterdir())
