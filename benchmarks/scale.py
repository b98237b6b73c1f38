"""How a run grows: 1 M and 10 M rows × 384 half-float vectors, 10 and 100 classes, on local disk.

Per stage: seconds, bytes read and written. Per worker: the most memory held. Against plain pyarrow, which
reads the same bytes three times and writes the same result once; and against the same stages and report
without orchestration (Prefect, Great Expectations, manifests). Files come from the page cache for both.

python benchmarks/scale.py [--rows 1000000 10000000] [--classes 10 100] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.infra import settings

DIM, NOISE, FILE_ROWS, GROUP_ROWS = 384, 0.08, 200_000, 50_000
TRIES = 3  # of a run and of its stages alone; the machine's own speed changes by a fifth
NEEDED = 3.2  # bytes of disk a run takes for each byte of vectors


def main() -> None:
    """Make each dataset, run it, and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    settings.apply()
    for classes in given.classes:
        walls: list[tuple[int, float]] = []
        for rows in given.rows:
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                _room(Path(folder), rows)
                with ProcessPoolExecutor(1, get_context("spawn")) as other:  # its memory isn't the run's
                    other.submit(make, Path(folder) / "data", rows, classes).result()
                walls.append((rows, measure(Path(folder), rows, classes, alone=rows == given.rows[0])))
        (few, first), (many, last) = walls[0], walls[-1]
        if many > few:
            print(
                f"K = {classes}: {many:,} rows take {last / first:.2f} x the time of {few:,} (asked: 10.5)\n"
            )


def make(folder: Path, rows: int, classes: int) -> None:
    """Write files of rows around class means, with labels flipped at random."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    means = rng.standard_normal((classes, DIM), dtype=np.float32) * np.float32(0.09)
    for number, start in enumerate(range(0, rows, FILE_ROWS)):
        size = min(FILE_ROWS, rows - start)
        label = rng.integers(classes, size=size)
        vectors = means[label] + rng.standard_normal((size, DIM), dtype=np.float32) * np.float32(0.2)
        given = np.where(rng.random(size) < NOISE, rng.integers(classes, size=size), label)
        table = pa.table(
            {
                "id": [f"r{start + row}" for row in range(size)],
                "label": pa.array(given, pa.int32()),
                "vector": pa.FixedSizeListArray.from_arrays(
                    pa.array(vectors.astype(np.float16).ravel()), DIM
                ),
            }
        )
        path = folder / f"part-{number:04d}.parquet"
        pq.write_table(table, path, row_group_size=GROUP_ROWS, compression="none", use_dictionary=False)


def measure(folder: Path, rows: int, classes: int, *, alone: bool) -> float:
    """Run a dataset: whole, without orchestration, with plain pyarrow; print, return the first's seconds."""
    from labelworks.flows.execute import execute
    from labelworks.schemas.config.run import RunConfig

    started = perf_counter()
    with ready() as client:
        startup = perf_counter() - started
        config = RunConfig.model_validate(
            {
                "dataset": {
                    "name": "scale", "source": str(folder / "data"), "id": "id", "label": "label",
                    "features": {"vector": "vector"},
                },
                "store": {"root": str(folder / "store")},
                "compute": {"scheduler": client.scheduler.address},
            }
        )  # fmt: skip
        watch = Watch(client)
        started = perf_counter()
        record = execute(config, progress=watch)
        wall = perf_counter() - started
        watch.stage("end")
        peaks, own = list(client.run(_peak).values()), _peak()
    plain = _plain(folder, record.parts, record.run_id)
    vectors = rows * DIM * 2
    print(f"{rows:,} rows x {DIM} halves, K = {classes}: {vectors / 1e9:.2f} GB; version {record.version}")
    for name, seconds, read, written in watch.stages():
        shares = f"read {read / vectors:5.2f}   written {written / vectors:5.2f} x vectors"
        print(f"  {name:9} {seconds:7.1f} s   {shares}")
    print(f"  whole run {wall:.1f} s, after {startup:.1f} s of start-up (API, workers)")
    print(f"  plain pyarrow, three reads and one write: {plain:.1f} s; ratio {wall / plain:.2f} (asked: 4)")
    if alone:
        bares = [_bare(_elsewhere(config, folder / "bare"))]
        wholes = [wall]
        for _ in range(TRIES - 1):
            wholes.append(_whole(_elsewhere(config, folder / "again")))
            bares.append(_bare(_elsewhere(config, folder / "bare")))
        share = 1 - median(bares) / median(wholes)
        print(f"  runs {_list(wholes)}, the same stages alone {_list(bares)} s, in turn")
        print(f"  orchestration, of the medians: {share:.1%} (asked: 10 %)")
    print(f"  most memory of a worker {max(peaks) >> 20} MiB, of this process {own >> 20} MiB\n", flush=True)
    return wall


class Watch:
    """Takes the time and the bytes read and written by all workers whenever a stage begins."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._marks: list[tuple[str, float, int, int]] = []

    def stage(self, name: str, *, total: int | None = None) -> None:
        """Mark the begin of a stage."""
        moved = [*self._client.run(_moved).values(), _moved()]
        self._marks.append((name, perf_counter(), sum(r for r, _ in moved), sum(w for _, w in moved)))

    def advance(self, stage: str, done: int, total: int, **told: Any) -> None:
        """Nothing: only whole stages count."""

    def note(self, text: str) -> None:
        """Nothing."""

    def stages(self) -> Iterator[tuple[str, float, int, int]]:
        """Name, seconds, bytes read, bytes written."""
        for (name, *begin), (_, *end) in zip(self._marks, self._marks[1:], strict=False):
            seconds, read, written = (after - before for before, after in zip(begin, end, strict=True))
            yield name, float(seconds), int(read), int(written)


@contextmanager
def ready() -> Iterator[Any]:
    """A fresh API and fresh workers, all that a run imports imported."""
    from labelworks.flows.execute import servers
    from labelworks.schemas.config.run import ComputeConfig
    from labelworks.tasks import gates

    with servers(ComputeConfig()) as client:
        gates.warm_up()
        yield client


@contextmanager
def workers() -> Iterator[Any]:
    """Fresh workers, as a run on this machine has them when it begins."""
    from labelworks.flows.execute import WORKERS_NEED
    from labelworks.infra.cluster.cluster import cluster, prepare
    from labelworks.schemas.config.run import ComputeConfig

    with cluster(ComputeConfig()) as client:
        prepare(client, WORKERS_NEED, 1)
        for worker in client.scheduler_info(n_workers=-1)["workers"]:
            client.submit(os.getpid, workers=[worker], pure=False).result()
        yield client


def _moved() -> tuple[int, int]:
    """Bytes that this process has read and written so far, also those of the page cache."""
    facts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(facts["rchar"]), int(facts["wchar"])


def _peak() -> int:
    """The most memory (bytes) that this process has held; getrusage counts its parent's before it began."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) << 10


def _plain(folder: Path, parts: tuple[str, ...], run_id: str) -> float:
    """Seconds of plain pyarrow to read the vectors three times and to write the published rows once."""
    files = sorted((folder / "data").iterdir())
    (published,) = (folder / "store").rglob(f"runs/{run_id}")
    seconds = 0.0
    for part in parts:
        table = pq.read_table(published / part)
        started = perf_counter()
        pq.write_table(table, folder / "copy.parquet", compression="zstd")
        seconds += perf_counter() - started
    started = perf_counter()
    for _ in range(3):
        for file in files:
            pq.read_table(file)
    return seconds + perf_counter() - started


def _elsewhere(config: Any, store: Path) -> Any:
    """The same run from nothing: on a store of its own, emptied."""
    shutil.rmtree(store, ignore_errors=True)
    return config.model_copy(update={"store": config.store.model_copy(update={"root": str(store)})})


def _list(seconds: list[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in seconds)


def _whole(config: Any) -> float:
    """Seconds of a run on a fresh API and fresh workers."""
    from labelworks.flows.execute import execute

    with ready() as client:
        compute = config.compute.model_copy(update={"scheduler": client.scheduler.address})
        started = perf_counter()
        execute(config.model_copy(update={"compute": compute}))
        return perf_counter() - started


def _bare(config: Any) -> float:
    """Seconds of the stages' own work and of the report on fresh workers: no flow, no task, no gate."""
    from labelworks.tasks import gates

    with workers() as client:
        client.run(_ungated)
        kept = gates.check_rows, gates.check_figures
        _ungated()
        try:
            started = perf_counter()
            _stages(config)
            return perf_counter() - started
        finally:
            gates.check_rows, gates.check_figures = kept


def _ungated() -> None:
    from labelworks.tasks import gates

    def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    gates.check_rows, gates.check_figures = nothing, nothing


def _stages(config: Any) -> None:
    from labelworks.flows.lineage.telling import Lineage
    from labelworks.flows.recorder import Recorder
    from labelworks.tasks.detect.stage import detect
    from labelworks.tasks.embed.encode_partitions import embed_partitions
    from labelworks.tasks.embed.stage import fit_encoder, judge_embedding
    from labelworks.tasks.execution.map_partitions import map_partitions
    from labelworks.tasks.ingest.stage import ingest
    from labelworks.tasks.planning.open_run import plan_run
    from labelworks.tasks.publish.stage import publish_parts
    from labelworks.tasks.treat.stage import treat
    from labelworks.tasks.validate.stage import validate

    run, plans = plan_run(config, {})
    rows = ingest(run, plans)
    spec = fit_encoder(run, rows.ref, "cpu", 1)
    groups = [[partition] for partition in rows.ref.partitions]
    embedded = map_partitions(
        "embed", embed_partitions, groups, artifacts=run.artifacts, source=run.source, spec=spec
    )
    vectors = judge_embedding(run, rows.ref, spec, [one for (one,) in embedded], perf_counter())
    scores = detect(run, vectors.ref, rows.figures)
    treated = treat(run, scores.ref, scores.figures)
    proof = validate(run, scores.ref, scores.figures.shift)
    written = publish_parts(run, treated.ref, treated.figures.rows)
    recorder = Recorder(run, Lineage(run, plans))
    recorder.results += [rows, vectors, scores, treated, proof, written]
    recorder.finish("published")


def _room(folder: Path, rows: int) -> None:
    """Stop before the disk is full."""
    needed, free = int(rows * DIM * 2 * NEEDED * 2), shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"{folder}: {free >> 30} GiB free, {needed >> 30} GiB needed; give --folder or fewer --rows"
        )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
