"""GPUs are looked for before anything is annotated."""

from pathlib import Path

import pytest

from infra import gpu
from schemas.config import ComputeConfig
from schemas.errors import ConfigError


class Cluster:
    """What `scheduler_info` says of some workers."""

    def __init__(self, *gpus: float) -> None:
        self.gpus = gpus

    def scheduler_info(self, n_workers: int) -> dict[str, object]:
        return {
            "workers": {
                str(n): {"resources": {"GPU": has} if has else {}, "nthreads": 2}
                for n, has in enumerate(self.gpus)
            }
        }


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


def test_a_gpu_that_is_required_and_missing_is_an_error_of_the_config() -> None:
    with pytest.raises(ConfigError, match="none of the 2 Dask workers has one") as caught:
        gpu.place(ComputeConfig(gpu="require"), Cluster(0, 0))
    assert caught.value.where == "compute.gpu"


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
