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

from labelworks.infra.cluster.cluster import cluster, settings
from labelworks.infra.cluster.cluster_class import await_workers, check_cluster, load, opened
from labelworks.infra.cluster.gpu import gpu_workers
from labelworks.infra.cluster_rules import check_scheduler
from labelworks.schemas.config.run import ComputeConfig, RunConfig
from labelworks.schemas.errors import ConfigError

FILES = sorted((Path(__file__).parents[4] / "infra/dask").glob("*.yaml"))
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
        ("dask_kubernetes.nosuch.KubeCluster", {}, r"can't be imported .*\n  pip install dask-kubernetes"),
        (
            "distributed.LocalClutser",
            {},
            r"no class 'LocalClutser' in 'distributed'\n  did you mean LocalCluster",
        ),
        ("distributed.client", {}, "no class 'client'"),
        ("LocalCluster", {}, "no class of a package"),
        ("distributed.Client", {}, "is no cluster of Dask"),
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
        "from labelworks.infra.cluster.cluster_class import load; load('dask_jobqueue.SLURMCluster');"
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


@pytest.mark.parametrize(
    "path",
    [
        "subprocess.Popen",
        "os.system",
        "distributed.os.system",
        "distributed_evil.Cluster",
        "distributedx.LocalCluster",
        "distributed",
        "distributed.",
        ".distributed.LocalCluster",
        "distributed..LocalCluster",
        "distributed.__main__.LocalCluster",
        "distributed._LocalCluster",
        "distributed.deploy.local.subprocess.Popen",
        "builtins.exec",
        "tests.unit.evil.Cluster",
    ],
)
def test_a_config_names_no_class_of_another_package_and_none_is_imported(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("distributed_evil", "distributedx"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    for attempt in (check_cluster, lambda made: opened(made.compute)):
        with pytest.raises(ConfigError) as caught:
            attempt(config(cluster_class=path, cluster_kwargs={"args": ["touch", str(tmp_path / "ran")]}))
        assert caught.value.where == "compute.cluster_class"
    assert not (tmp_path / "ran").exists()


def test_a_package_is_added_by_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "our_clusters.py").write_text(
        "from distributed import LocalCluster\nclass OurCluster(LocalCluster): pass\nclass Other: pass\n"
        "import os\nsystem = os.system\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="the operator adds others by LABELWORKS_CLUSTER_PACKAGES"):
        load("our_clusters.OurCluster")
    monkeypatch.setenv("LABELWORKS_CLUSTER_PACKAGES", "another, our_clusters")
    check_cluster(config(cluster_class="our_clusters.OurCluster"))
    for name, message in (("Other", "is no cluster of Dask"), ("system", "no class 'system'")):
        with pytest.raises(ConfigError, match=message):
            check_cluster(config(cluster_class=f"our_clusters.{name}"))


EVIL = "http://evil.example/x.py"


@pytest.mark.parametrize(
    ("path", "arguments", "key"),
    [
        ("SpecCluster", {"worker": {"cls": "subprocess.Popen", "options": {"name": "id"}}}, "worker.cls"),
        ("SpecCluster", {"workers": {"a": {"cls": "os.system"}}}, "workers.a.cls"),
        ("SpecCluster", {"scheduler": {"cls": "distributed.Client"}}, "scheduler.cls"),
        ("SpecCluster", {"worker": {"cls": "distributed.Nanny", "options": {"preload": [EVIL]}}},
         "worker.options.preload"),
        ("LocalCluster", {"preload": EVIL}, "preload"),
        ("LocalCluster", {"preload_nanny": [EVIL]}, "preload_nanny"),
        ("LocalCluster", {"worker_class": "subprocess.Popen"}, "worker_class"),
        ("LocalCluster", {"plugins": ["evil"]}, "plugins"),
        ("LocalCluster", {"env": {"PYTHONPATH": "/evil"}}, "env.PYTHONPATH"),
        ("LocalCluster", {"env": {"LD_PRELOAD": "/evil.so"}}, "env.LD_PRELOAD"),
        ("LocalCluster", {"env": {"DASK_DISTRIBUTED__WORKER__PRELOAD": EVIL}},
         "env.DASK_DISTRIBUTED__WORKER__PRELOAD"),
        ("LocalCluster", {"env": {"LABELWORKS_TRUST_REMOTE_CODE": "1"}}, "env.LABELWORKS_TRUST_REMOTE_CODE"),
        ("LocalCluster", {"local_directory": "/x; touch ran"}, "local_directory"),
        ("LocalCluster", {"local_directory": "/x --preload evil"}, "local_directory"),
        ("LocalCluster", {"interface": "--preload=evil"}, "interface"),
    ],
)  # fmt: skip
def test_arguments_run_nothing(path: str, arguments: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_cluster(config(cluster_class=f"distributed.{path}", cluster_kwargs=arguments))
    assert caught.value.where == f"compute.cluster_kwargs.{key}"


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"job_script_prologue": ["touch ran"]}, "job_script_prologue"),
        ({"python": "/evil/python"}, "python"),
        ({"worker_extra_args": ["--preload", EVIL]}, "worker_extra_args"),
        ({"job_extra_directives": ["--wrap=id"]}, "job_extra_directives"),
        ({"queue": "cpu\ntouch ran"}, "queue"),
        ({"account": "$(touch ran)"}, "account"),
        ({"scheduler_options": {"preload": EVIL}}, "scheduler_options.preload"),
        ({"job_cls": "subprocess.Popen"}, "job_cls"),
    ],
)
def test_jobs_run_nothing_of_a_config_unless_the_operator_lets_it(
    arguments: dict[str, Any], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec("dask_jobqueue") is None:
        pytest.skip("dask-jobqueue isn't installed")
    made = config(cluster_class="dask_jobqueue.SLURMCluster", cluster_kwargs={"cores": 1, **arguments})
    with pytest.raises(ConfigError) as caught:
        check_cluster(made)
    assert caught.value.where == f"compute.cluster_kwargs.{key}"
    if key != "job_cls":
        monkeypatch.setenv("LABELWORKS_CLUSTER_ARGUMENTS", key.rpartition(".")[2])
        check_cluster(made)


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        (None, True),
        ("tcp://127.0.0.1:8786", True),
        ("localhost:8786", True),
        ("tls://anywhere.example:8786", True),
        ("tcp://ours.example:8786", True),
        ("tcp://others.example:8786", True),
        ("tcp://others.example:8787", False),
        ("tcp://evil.example:8786", False),
        ("evil.example:8786", False),
        ("tcp://127.0.0.1.evil.example:8786", False),
        ("ws://evil.example", False),
    ],
)
def test_a_scheduler_is_on_this_machine_or_one_that_the_operator_trusts(
    address: str | None, fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWORKS_SCHEDULERS", "ours.example,others.example:8786")
    if fine:
        check_scheduler(address)
        return
    with pytest.raises(ConfigError, match="no scheduler that may be used"):
        check_scheduler(address)
    with (
        pytest.raises(ConfigError, match="no scheduler that may be used"),
        cluster(ComputeConfig(scheduler=address)),
    ):
        pass
