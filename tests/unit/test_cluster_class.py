"""A cluster of a class that the config names, and what is said where it can't be had."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from infra.cluster import cluster, settings
from infra.cluster_class import await_workers, check_cluster, opened
from infra.gpu import gpu_workers
from schemas.config import ComputeConfig, RunConfig
from schemas.errors import ConfigError

FILES = sorted((Path(__file__).parents[2] / "infra/dask").glob("*.yaml"))
DATASET = {"source": "data", "label": "label", "features": {"text": "text"}}
LOCAL = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
CLUSTERS: dict[str, dict[str, Any]] = {
    "distributed.LocalCluster": {
        **LOCAL,
        "n_workers": 0,
        "threads_per_worker": 1,
        "processes": False,
        "protocol": "tcp://",
    },
    "distributed.SpecCluster": {
        "scheduler": {"cls": "distributed.Scheduler", "options": LOCAL},
        "worker": {"cls": "distributed.Worker", "options": {"nthreads": 1, "host": "127.0.0.1"}},
    },
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_workers_of_each_kind_of_cluster_are_not_sampled(file: Path) -> None:
    text = file.read_text()
    off = re.search(r"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED(=False|: \"False\")", text)
    assert off or "cluster_class" not in text  # of a scheduler that runs already docs/dask.md says so


def config(**compute: Any) -> RunConfig:
    return RunConfig.model_validate({"dataset": DATASET, "compute": compute})


@pytest.mark.parametrize("path", CLUSTERS)
def test_a_class_is_made_scaled_and_closed(path: str) -> None:
    made = config(cluster_class=path, cluster_kwargs=CLUSTERS[path], workers=2, wait=60)
    check_cluster(made)
    with cluster(made.compute) as client:
        client.wait_for_workers(2, timeout=60)
        assert client.submit(sum, [1, 2]).result() == 3
        held = client.cluster
    assert held.status.name == "closed"


@pytest.mark.filterwarnings("ignore")
def test_workers_that_never_come_are_an_error() -> None:
    path = "distributed.LocalCluster"
    with (
        pytest.raises(ConfigError, match=r"has no worker after 1 s\n  set compute\.workers"),
        cluster(ComputeConfig(cluster_class=path, cluster_kwargs=CLUSTERS[path], wait=1)),
    ):
        pass


def test_a_gpu_that_is_required_is_waited_for() -> None:
    from distributed import Client

    cpu = {"cls": "distributed.Worker", "options": {"nthreads": 1, "host": "127.0.0.1"}}
    gpu = {"cls": "distributed.Worker", "options": {**cpu["options"], "resources": {"GPU": 1}}}
    scheduler = CLUSTERS["distributed.SpecCluster"]["scheduler"]
    asked = {
        "cluster_class": "distributed.SpecCluster",
        "cluster_kwargs": {"scheduler": scheduler, "workers": {"cpu": cpu}, "worker": gpu},
        "gpu": "require",
    }
    with (
        pytest.raises(ConfigError, match="has no worker with a GPU after 1 s"),
        cluster(ComputeConfig(**asked, wait=1)),
    ):
        pass
    compute = ComputeConfig(**asked, wait=60)
    with opened(compute) as made, Client(made) as client:
        client.wait_for_workers(1)
        assert gpu_workers(client) == []
        late = Timer(0.5, made.scale, [2])
        late.start()
        await_workers(client, compute)
        assert len(gpu_workers(client)) == 1
        late.join()


@pytest.mark.filterwarnings("ignore")
def test_a_class_that_does_not_start_is_named() -> None:
    wrong = {**CLUSTERS["distributed.LocalCluster"], "host": "nosuch.invalid"}
    with (
        pytest.raises(ConfigError, match="LocalCluster can't be started: "),
        cluster(ComputeConfig(cluster_class="distributed.LocalCluster", cluster_kwargs=wrong)),
    ):
        pass


@pytest.mark.parametrize(
    ("path", "arguments", "message"),
    [
        ("nosuch_cloud.Cluster", {}, r"can't be imported .*\n  pip install nosuch-cloud"),
        (
            "distributed.LocalClutser",
            {},
            r"no class 'LocalClutser' in 'distributed'\n  did you mean LocalCluster",
        ),
        ("distributed.client", {}, "no class 'client'"),
        ("LocalCluster", {}, "can't be imported"),
        ("distributed.SpecCluster", {"wokers": {}}, r"takes no 'wokers'\n  did you mean 'worker"),
    ],
)
def test_a_class_that_cannot_be_had_is_said_before_anything_starts(
    path: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        check_cluster(config(cluster_class=path, cluster_kwargs=arguments))


def test_arguments_of_jobs_are_known_too() -> None:
    if find_spec("dask_jobqueue") is None:  # importing it here would take Ctrl-C over
        pytest.skip("dask-jobqueue isn't installed")
    path = "dask_jobqueue.SLURMCluster"
    check_cluster(config(cluster_class=path, cluster_kwargs={"cores": 2, "queue": "cpu", "n_workers": 1}))
    with pytest.raises(ConfigError, match="did you mean 'walltime'"):
        check_cluster(config(cluster_class=path, cluster_kwargs={"waltime": "1:00:00"}))


@pytest.mark.parametrize(
    "compute", [{"scheduler": "tcp://a:1", "cluster_class": "b.C"}, {"cluster_kwargs": {"a": 1}}]
)
def test_one_cluster_is_named(compute: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="cluster_class"):
        config(**compute)


def test_secrets_are_refused_among_the_arguments() -> None:
    with pytest.raises(
        ValidationError, match=r"compute\.cluster_kwargs\.aws_secret_access_key looks like a secret"
    ):
        config(cluster_class="a.B", cluster_kwargs={"aws_secret_access_key": "hidden"})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_documented_files_are_configs(file: Path) -> None:
    made = config(**yaml.safe_load(file.read_text())["compute"])
    package = (made.compute.cluster_class or "distributed").split(".")[0]
    if find_spec(package) is None:
        pytest.skip(f"{package} isn't installed: its arguments can't be looked at")
    check_cluster(made)


def test_there_is_a_file_for_each_way() -> None:
    assert [file.stem for file in FILES] == ["cloudprovider", "coiled", "kubernetes", "scheduler", "slurm"]


def test_workers_are_told_the_settings(tmp_path: Path) -> None:
    compute = ComputeConfig(workers=1, gpu="off", spill=str(tmp_path / "spill"))
    with cluster(compute) as client:
        told = client.run(_settings)
        scheduler = client.run_on_scheduler(
            lambda dask_scheduler: (dask_scheduler.allowed_failures, dask_scheduler.no_workers_timeout)
        )
    (worker,) = told.values()
    asked = settings(compute)
    assert worker[0] == {name: asked[name] for name in worker[0]}
    assert worker[1].startswith(str(tmp_path / "spill"))
    assert scheduler == (3, compute.wait + 60)


def _settings(dask_worker: Any) -> tuple[dict[str, Any], str]:
    import dask

    names = [f"distributed.worker.memory.{each}" for each in ("target", "spill", "pause", "terminate")]
    names += ["distributed.worker.profile.enabled"]
    return {name: dask.config.get(name) for name in names}, dask_worker.local_directory


def test_the_import_of_a_class_leaves_signals_alone() -> None:
    code = (
        "import signal; before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM);"
        "from infra.cluster_class import load; load('dask_jobqueue.SLURMCluster');"
        "assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))"
    )
    if find_spec("dask_jobqueue") is None:
        pytest.skip("dask-jobqueue isn't installed")
    subprocess.run([sys.executable, "-c", code], check=True)


def memory_of(dask_worker: Any) -> tuple[Any, ...]:
    manager = dask_worker.memory_manager
    fractions = (manager.memory_target_fraction, manager.memory_spill_fraction, manager.memory_pause_fraction)
    return (manager.memory_limit, *fractions, dask_worker.local_directory)


def spilled(dask_worker: Any) -> int:
    return len(dask_worker.data.slow)


def test_a_worker_has_the_memory_and_the_spill_folder_of_the_config(tmp_path: Path) -> None:
    compute = ComputeConfig(workers=1, memory="1 GB", spill=str(tmp_path), gpu="off")
    with cluster(compute) as client:
        (found,) = client.run(memory_of).values()
        assert found[:4] == (10**9, 0.6, 0.7, 0.8)
        assert Path(found[4]).is_relative_to(tmp_path)
        held = client.map(bytes, [50_000_000] * 14, pure=False)
        assert [len(each) for each in (held[0].result(), held[13].result())] == [50_000_000] * 2
        assert client.run(spilled).popitem()[1] >= 2  # 700 MB, of which 600 may be held
        assert list(tmp_path.rglob("storage/*"))
