"""The embed stage on a GPU worker beside a bare loop over the same batches, and beside what the GPU can do.

    python benchmarks/embed_gpu.py --out FOLDER [--device cuda] [--texts N] [--images N] [--large N]
    python benchmarks/embed_gpu.py --out FOLDER --device cpu --tiny --patience 4 --texts 400 --images 40

For a machine that is lent for 15 minutes: every step is a process of its own with a time limit, 13 minutes
together, and writes FOLDER/STEP.log; what fails or takes too long leaves the others. FOLDER/summary.md has
the lines of the table. `--step NAME` runs one alone, where a command may not take that long.

| step | what | limit |
|---|---|---|
| device | its name, libraries, a large matrix product in bfloat16 | 60 s |
| tests | tests/gpu | 150 s |
| text | MiniLM (random weights where the package has none), 200,000 texts, padded and packed | 210 s |
| image | ViT-B/16, random weights, 20,000 JPEGs of 256 × 256 | 180 s |
| large | ViT-L/14-sized, random weights, 5,000 JPEGs | 180 s |

No network is needed. The bare loop runs batches that lie on the device before the clock starts; the stage
reads, decodes, tokenises, and writes vectors to the store; `prepared` is how fast the host and the decoder
alone make rows ready. FLOPs are counted by torch over the bare loop. `--device cpu` runs the same code
without a GPU, `--tiny` on models of no size, and `--patience 4` gives each step four times as long.
Needed: `pip install labelworks[text,gpu]` and pytest; see docs/embedding.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import embed_gpu_made as made
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from embed import ingest_and_embed

from labelworks.infra.cluster.cluster import cluster
from labelworks.infra.prefect_server.server import prefect_api
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.findings import EmbeddingFigures
from labelworks.tasks.embed.encoder_spec import cores_here
from labelworks.tasks.methods.encoders.base import make

LIMITS = {"device": 60, "tests": 150, "text": 210, "image": 180, "large": 180}  # seconds
TABLE = (
    "| model | rows | prepared, rows/s | bare loop, rows/s | stage, rows/s | of it encoding | stage / bare "
    "| TFLOP/s | waits |\n|---|---|---|---|---|---|---|---|---|"
)
PARTITIONS = 8
SIDE = 8192  # of the matrices of the ceiling
SECONDS = 2.0  # that the ceiling is measured for


def main() -> None:
    """Run one step, or all of them, each within its time."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--step", choices=LIMITS)
    ask.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    ask.add_argument("--texts", type=int, default=200_000)
    ask.add_argument("--images", type=int, default=20_000)
    ask.add_argument("--large", type=int, default=5_000)
    ask.add_argument("--tiny", action="store_true")
    ask.add_argument("--patience", type=float, default=1.0)
    chosen = ask.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.step:
        STEPS[chosen.step](chosen)
        return
    for step, limit in LIMITS.items():
        print(f"{step}: {within(limit * chosen.patience, step, chosen.out)}", flush=True)
    lines = [line for step in LIMITS for line in (chosen.out / f"{step}.log").read_text().splitlines()]
    rows = [line for line in lines if line.startswith(("| MiniLM", "| ViT", "device:"))]
    (chosen.out / "summary.md").write_text("\n".join([TABLE, *rows]) + "\n")
    print((chosen.out / "summary.md").read_text())


def within(limit: float, step: str, folder: Path) -> str:
    """Run a step in a process of its own; how it ended."""
    started = time.perf_counter()
    with (folder / f"{step}.log").open("w") as log:
        asked = [sys.executable, "-u", __file__, *sys.argv[1:], "--step", step]
        try:
            code = subprocess.run(asked, stdout=log, stderr=log, timeout=limit, check=False).returncode
        except subprocess.TimeoutExpired:
            return f"cut off after {limit:.0f} s"
    return f"{'done' if code == 0 else f'ended with {code}'} after {time.perf_counter() - started:.0f} s"


def device_step(chosen: argparse.Namespace) -> None:
    """What there is, and how fast it multiplies."""
    side = 1024 if chosen.tiny else SIDE
    top = ceiling(chosen.device, side)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "numpy"))
    print(f"device: {named(chosen.device)}; bfloat16 product {top / 1e12:.2f} TFLOP/s; {libraries}")


def tests_step(chosen: argparse.Namespace) -> None:
    """tests/gpu; on a CPU they are skipped."""
    root = Path(__file__).parents[1]
    asked = ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-W", "default", str(root / "tests/gpu")]
    sys.exit(subprocess.run([sys.executable, *asked], cwd=root, check=False).returncode)


def text_step(chosen: argparse.Namespace) -> None:
    """MiniLM on texts."""
    with tempfile.TemporaryDirectory() as folder:
        model = made.minilm(Path(folder), chosen.tiny)
        for title, packed in (("MiniLM", False), ("MiniLM, packed", True)):
            options = {"model": model, "precision": "bfloat16", "packed": packed}
            place, values = f"{folder}/{title}", made.texts(chosen.texts)
            row(title, "sentence-transformers", "text", options, values, chosen.device, place)


def image_step(chosen: argparse.Namespace) -> None:
    """ViT-B/16 on JPEGs."""
    vits("ViT-B/16", {}, 16, chosen.images, chosen)


def large_step(chosen: argparse.Namespace) -> None:
    """ViT-L/14 on JPEGs."""
    vits("ViT-L/14", made.LARGE, 14, chosen.large, chosen)


def vits(title: str, size: dict[str, Any], patch: int, count: int, chosen: argparse.Namespace) -> None:
    """One line of a ViT with random weights."""
    with tempfile.TemporaryDirectory() as folder:
        model = made.vit(Path(folder), made.TINY if chosen.tiny else size, patch)
        options = {"model": model, "precision": "bfloat16"}
        row(title, "transformers", "image", options, made.images(count), chosen.device, folder)


STEPS: dict[str, Callable[[argparse.Namespace], None]] = {
    "device": device_step, "tests": tests_step, "text": text_step, "image": image_step, "large": large_step,
}  # fmt: skip


def row(
    title: str, name: str, kind: str, options: dict[str, Any], values: pa.Array, device: str, folder: str
) -> None:
    """One line of the table."""
    ready, seconds, flops = bare(name, kind, options, values, device)
    count = len(values)
    print(f"{title}: prepared {count / ready:.0f}, bare loop {count / seconds:.0f} rows/s", flush=True)
    stage, figures = within_the_flow(name, kind, options, values, device, f"{folder}/{kind}")
    waits = figures.waits.said if figures.waits else ""
    reached = f"{seconds / stage:.1%} | {flops / stage / 1e12:.2f}"
    print(
        f"| {title} | {count:,} | {count / ready:.0f} | {count / seconds:.0f} | {count / stage:.0f} "
        f"| {count / figures.encoding_seconds:.0f} | {reached} | {waits} |"
    )


def bare(
    name: str, kind: str, options: dict[str, Any], values: pa.Array, device: str
) -> tuple[float, float, int]:
    """Seconds to prepare rows, those of a loop over batches that are on the device, and the FLOPs in it."""
    from torch.utils.flop_counter import FlopCounterMode

    encoder: Any = make(name, kind, options)
    encoder.device, encoder.threads, encoder.cores = device, 1, cores_here()
    encoder.load({})
    encoder.prepare(values.slice(0, 64))  # starts its processes
    started = time.perf_counter()
    parts = [
        encoder.prepare(values.slice(start, encoder.batch_rows))
        for start in range(0, len(values), encoder.batch_rows)
    ]
    ready = time.perf_counter() - started
    batches = [
        encoder.staged(part.some(cut))
        for part in parts
        for cut in encoder.budget.batches(part.lengths, np.arange(len(part.items)))
    ]
    with FlopCounterMode(display=False) as counted:  # the warm-up as well
        looped(encoder, batches, device)
    return ready, looped(encoder, batches, device), counted.get_total_flops()


def looped(encoder: Any, batches: list[Any], device: str) -> float:
    """Seconds that all batches take."""
    started = time.perf_counter()
    for batch in batches:
        encoder.run(batch)
    waiting(device)()
    return time.perf_counter() - started


def waiting(device: str) -> Callable[[], Any]:
    """What waits until the device has done all that it was given."""
    import torch

    return torch.cuda.synchronize if device == "cuda" else (lambda: None)


def within_the_flow(
    name: str, kind: str, options: dict[str, Any], values: pa.Array, device: str, folder: str
) -> tuple[float, EmbeddingFigures]:
    """Seconds of the embed stage on one worker, and its figures, once the worker is at work.

    A first run on few rows opens the model.
    """
    warm = config(name, kind, options, values.slice(0, 256), device, folder, "warm")
    timed = config(name, kind, options, values, device, folder, "timed")
    with prefect_api(), cluster(timed.compute):
        ingest_and_embed(warm)
        result, _ = ingest_and_embed(timed)
    return result.seconds - (result.figures.judging_seconds or 0.0), result.figures


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


def ceiling(device: str, side: int) -> float:
    """FLOP/s of a large matrix product in bfloat16."""
    import torch

    torch.set_num_threads(1)  # as the encoder has it
    left, right = (torch.randn(side, side, dtype=torch.bfloat16, device=device) for _ in range(2))
    wait = waiting(device)
    left @ right
    wait()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        for _ in range(20 if device == "cuda" else 1):
            left @ right
        done += 20 if device == "cuda" else 1
        wait()
    return 2 * side**3 * done / (time.perf_counter() - started)


def named(device: str) -> str:
    """The device in words."""
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else "CPU, one thread"


if __name__ == "__main__":
    main()
