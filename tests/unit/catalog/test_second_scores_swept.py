"""Scores of a second pass, which the treat stage names, stay while a run that uses them does."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.catalog.garbage import sweep
from labelworks.tasks.catalog.heartbeat import heartbeat
from labelworks.tasks.storage.listing import objects
from labelworks.tasks.storage.store import Store

OLD = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A young run, treated as proposed and by another arm that judged again, and scores of old."""
    store = Store(str(tmp_path))
    for model in ("first", "second", "nobodys"):
        store.write(f"d/scores/{model}/p.parquet", b"1")
        os.utime(tmp_path / f"d/scores/{model}/p.parquet", (time.time() - 2 * OLD,) * 2)
    parts = (Partition(key="p", pieces=()),)
    for stage, model in (("detect", "first"), ("treat", "first"), ("treat-again", "second")):
        ref = DatasetRef(run_id="r", dataset="d", uri="", partitions=parts, model_key=model)
        store.write(f"d/runs/r/{stage}/result.json", json.dumps({"ref": ref.model_dump()}).encode())
    return store


def scores(store: Store) -> set[str]:
    return {each.name.split("/")[2] for each in objects(store, "d") if each.name.startswith("d/scores/")}


def test_those_that_any_treatment_of_a_run_names_stay(store: Store) -> None:
    sweep(store, "d", keep=None, older=OLD, dry_run=False)
    assert scores(store) == {"first", "second"}


def test_a_live_run_may_still_name_others(store: Store) -> None:
    with heartbeat(store, "d/runs/r/alive/1.json"):
        sweep(store, "d", keep=None, older=OLD, dry_run=False)
    assert scores(store) == {"first", "second", "nobodys"}
