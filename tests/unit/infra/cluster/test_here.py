"""Small runs have no workers of their own: this process does the work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.flows.execute import FEW_ROWS, fits_here
from labelworks.infra.cluster.cluster import cluster, prepare
from labelworks.schemas.config.run import ComputeConfig, RunConfig
from labelworks.tasks.planning.open_run import listed_once


def config(folder: Path, **more: Any) -> RunConfig:
    kinds = {"id": "id", "label": "label", "features": {"text": "text"}}
    data = {"name": "made", "source": str(folder / "data"), **kinds, **more.pop("dataset", {})}
    return RunConfig.model_validate({"dataset": data, "store": {"root": str(folder / "store")}, **more})


def rows(path: Path, count: int) -> None:
    path.parent.mkdir(exist_ok=True)
    names = [str(number) for number in range(count)]
    pq.write_table(
        pa.table({"id": names, "text": names, "label": ["a", "b"] * (count // 2)}), path, row_group_size=100
    )


def fits(made: RunConfig) -> bool:
    with listed_once():
        return fits_here(made)


def test_a_small_source_and_a_small_target_fit(tmp_path: Path) -> None:
    rows(tmp_path / "data/rows.parquet", 400)
    assert fits(config(tmp_path))
    rows(tmp_path / "new/rows.parquet", 200)
    assert fits(config(tmp_path, dataset={"target": str(tmp_path / "new")}))


def test_many_rows_or_partitions_do_not(tmp_path: Path) -> None:
    rows(tmp_path / "data/rows.parquet", 400)
    assert not fits(config(tmp_path, compute={"partition_rows": 100}))
    rows(tmp_path / "data/rows.parquet", FEW_ROWS + 2)
    assert not fits(config(tmp_path))


@pytest.mark.parametrize(
    "asked",
    [
        {"compute": {"workers": 1}},
        {"compute": {"memory": "1GB"}},
        {"compute": {"gpu": "require"}},
        {"compute": {"scheduler": "tcp://127.0.0.1:9"}},
        {"compute": {"cluster_class": "distributed.LocalCluster"}},
        {"store": {"root": "s3://somewhere/else", "secret": "ours"}},
        {"encoder": {"name": "sentence-transformers"}},
    ],
)
def test_nor_what_asks_for_workers_or_may_need_them(tmp_path: Path, asked: dict[str, Any]) -> None:
    rows(tmp_path / "data/rows.parquet", 400)
    assert not fits(config(tmp_path, **asked))


def test_the_only_worker_is_this_process(tmp_path: Path) -> None:
    with cluster(ComputeConfig(), here=True) as client:
        prepare(client, ["json"], 1)
        assert client.submit(os.getpid).result() == os.getpid()
        assert list(client.nthreads().values()) == [1]


def test_another_dask_at_its_usual_port_is_no_hindrance() -> None:
    with cluster(ComputeConfig(), here=True), cluster(ComputeConfig(), here=True) as client:
        assert client.submit(os.getpid).result() == os.getpid()
