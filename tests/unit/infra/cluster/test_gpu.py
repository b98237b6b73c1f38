"""GPUs are looked for before anything is annotated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labelworks.infra.cluster import gpu
from labelworks.schemas.config.run import ComputeConfig
from labelworks.schemas.errors import ConfigError


class Cluster:
    """What `scheduler_info` says of some workers."""

    def __init__(self, *gpus: float) -> None:
        self.gpus = gpus

    def scheduler_info(self, n_workers: int) -> dict[str, object]:
        return {
            "workers": {
                str(n): {"resources": {"GPU": has} if has else {}, "nthreads": 2, "host": f"h{n // 2}"}
                for n, has in enumerate(self.gpus)
            }
        }

    def run(self, function: Callable[[], str], workers: list[str]) -> dict[str, str]:
        self.asked = workers
        return {worker: function() for worker in workers}


@pytest.mark.parametrize(
    ("wish", "gpus", "device", "words", "slots"),
    [
        ("auto", (0, 1, 1), "cuda", "on 2 GPU workers", 2),
        ("auto", (1, 0), "cuda", "on 1 GPU worker", 1),
        ("auto", (0, 0), "cpu", "no worker has a GPU", 4),
        ("auto", (), "cpu", "no worker has a GPU", 1),
        ("off", (1, 1), "cpu", "compute.gpu is off", 4),
        ("require", (1, 0), "cuda", "on 1 GPU worker", 1),
    ],
)
def test_where_the_tasks_go_and_why(
    wish: str, gpus: tuple[int, ...], device: str, words: str, slots: int
) -> None:
    placement = gpu.place(ComputeConfig(gpu=wish), Cluster(*gpus))
    assert (placement.device, placement.slots) == (device, slots)
    assert placement.note.endswith(words)


def test_workers_of_one_machine_share_its_cores_unless_the_config_says_how_many() -> None:
    placement = gpu.place(ComputeConfig(), Cluster(1, 1, 1))
    assert (placement.slots, placement.sharing) == (3, 2)
    said = gpu.place(ComputeConfig(gpu_cores=6), Cluster(1, 0))
    assert said.note == "embedding on 1 GPU worker, each with 6 of its machine's cores"
    said = gpu.place(ComputeConfig(gpu_cores=6, gpu="off"), Cluster(1))
    assert said.note.endswith("compute.gpu is off; compute.gpu_cores counts for nothing")


def test_a_gpu_that_is_required_and_missing_is_an_error_of_the_config() -> None:
    with pytest.raises(ConfigError, match="none of the 2 Dask workers has one") as caught:
        gpu.place(ComputeConfig(gpu="require"), Cluster(0, 0))
    assert caught.value.where == "compute.gpu"


def test_an_encoder_that_uses_no_gpu_takes_none_and_that_is_said() -> None:
    for wish in ("auto", "require"):
        placement = gpu.place(ComputeConfig(gpu=wish), Cluster(0, 1, 1), uses_device=False)
        assert (placement.device, placement.slots) == ("cpu", 6)
        assert placement.note == "embedding on CPU workers: the encoder uses no GPU"
    with pytest.raises(ConfigError, match="none of the 1 Dask workers"):
        gpu.place(ComputeConfig(gpu="require"), Cluster(0), uses_device=False)


def test_a_gpu_that_torch_can_t_use_is_none() -> None:
    cluster = Cluster(0, 1, 1)
    placement = gpu.place(ComputeConfig(), cluster, lacks=lambda: "torch was built without CUDA")
    assert cluster.asked == ["1", "2"]
    assert (placement.device, placement.slots) == ("cpu", 6)
    assert placement.note == "embedding on CPU workers: torch was built without CUDA"
    with pytest.raises(ConfigError, match="built without CUDA on a worker that has one") as caught:
        gpu.place(ComputeConfig(gpu="require"), cluster, lacks=lambda: "torch was built without CUDA")
    assert caught.value.where == "compute.gpu"
    assert gpu.place(ComputeConfig(gpu="require"), cluster, lacks=lambda: "").device == "cuda"


def test_workers_with_a_gpu_that_stay_away_are_an_error_those_of_cpus_are_not() -> None:
    there, gone = Cluster(0, 1), Cluster(0)
    watch = gpu.GpuMonitor(gpu.place(ComputeConfig(), there), 0.0)
    watch.look(there)
    with pytest.raises(ConfigError, match="no worker with a GPU is left"):
        watch.look(gone)
    gpu.GpuMonitor(gpu.place(ComputeConfig(), there), 3600.0).look(gone)
    gpu.GpuMonitor(gpu.place(ComputeConfig(), gone), 0.0).look(gone)


@pytest.mark.parametrize(
    ("visible", "found"), [("", []), ("-1", []), ("0,2", ["0", "2"]), ("GPU-ab", ["GPU-ab"])]
)
def test_devices_are_those_that_this_process_may_see(
    visible: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu.devices() == found


def test_devices_by_the_driver_or_by_its_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpu, "LISTED", tmp_path / "gpus")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.devices() == []
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: one (UUID: GPU-1)'\necho 'GPU 1: two (UUID: GPU-2)'\n")
    tool.chmod(0o755)
    assert gpu.devices() == ["0", "1"]
    for name in ("0000:01:00.0", "0000:02:00.0", "0000:03:00.0"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    assert gpu.devices() == ["0", "1", "2"]
