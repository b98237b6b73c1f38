"""What 1,000 decisions cost the next run: 1 M rows × 384 half-float vectors, 10 classes, on local disk.

A first run, answers to the first rows of its queue, a second run by the command, in a process of its own:
seconds from its start to its end, servers and workers too, CPU seconds of it and of its workers, what was
embedded and scored, and which treated parts are new.

python benchmarks/review_scale.py [--rows 1000000] [--decisions 1000] [--folder DIR] [--tries 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.scale import make

CLASSES = 10


def main() -> None:
    """Make the data, run, answer, and run again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--decisions", type=int, default=1000)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        make(folder / "data", given.rows, CLASSES)
        config = {
            "dataset": {
                "name": "scale", "source": str(folder / "data"), "id": "id", "label": "label",
                "features": {"vector": "vector"},
            },
            "store": {"root": str(folder / "store")},
        }  # fmt: skip
        (folder / "config.yaml").write_text(json.dumps(config))
        print(f"{given.rows:,} rows, load {os.getloadavg()[0]:.1f}")
        _said("first run", *_run(folder))
        answer(folder / "store", given.decisions)
        before = _treated(folder)
        shutil.copytree(folder / "store/scale", folder / "kept")
        for number in range(given.tries):
            shutil.rmtree(folder / "store/scale")
            shutil.copytree(folder / "kept", folder / "store/scale")
            record, *took = _run(folder)
            _said(f"second run, {number + 1}", record, *took)
        new = _treated(folder) - before
        print(f"  treated parts: {len(before)} before, {len(new)} new; load {os.getloadavg()[0]:.1f}")
        print(f"  heard: {record['treatment']['decisions']['answers']:,} answers")


def answer(store: Path, decisions: int) -> None:
    """Accept the suggestion of the first rows of the queue, or keep the label."""
    import labelworks as lw

    rows = lw.review_queue("scale", decisions, store=store).queue.rows
    said = {row.id: row.suggestion or "(keep)" for row in rows}
    taken = lw.record_decisions("scale", said, annotator="ann", store=store)
    print(f"  {taken.summary} in {len({row.partition for row in rows})} partitions")


def _run(folder: Path) -> tuple[dict[str, Any], float, float]:
    """The record of a run by the command, its seconds, and CPU seconds of all its processes."""
    command = [sys.executable, "-m", "labelworks.flows.cli.app", "run", str(folder / "config.yaml"), "--json"]
    before, started = _cpu(), perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), perf_counter() - started, _cpu() - before


def _cpu() -> float:
    """CPU seconds of processes that were started here, and by these, and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _said(what: str, record: dict[str, Any], wall: float, cpu: float) -> None:
    timings = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in record["timings"].items())
    work = record["work"]
    print(f"{what}: {wall:.1f} s, {cpu:.1f} CPU s ({timings})")
    print(f"  {work.get('embedded_rows')} rows embedded, {work.get('scored_rows')} scored", flush=True)


def _treated(folder: Path) -> set[str]:
    """Names of treated parts that there are."""
    return {str(path) for path in (folder / "store/scale").rglob("*treat*/**/*.parquet")}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
