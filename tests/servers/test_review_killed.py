"""`review import` killed at each thing that it does to the decisions: all answers are taken, or none."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from labelworks.tasks.artifacts.decisions.log import decisions_files, read_decisions
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

# Python tells of every file that is written, linked, moved or removed, before it is. The command is loaded
# once; a process of its own is made for each of these moments, until one lives, and how it ended is printed.
KILLED = """
import os, signal, sys
from labelworks.flows.cli.app import main
from labelworks.tasks.artifacts.decisions import estimates
from labelworks.tasks.review import record
from labelworks.tasks.review.exchange import formats

WRITES = ("open", "os.link", "os.rename", "os.remove", "os.mkdir")
file, stores = sys.argv[1], sys.argv[2:]
for moment, store in enumerate(stores, 1):
    child = os.fork()
    if not child:
        left = moment
        def watch(event, given):
            global left
            if event not in WRITES or event == "open" and "r" in str(given[1]):
                return
            left -= any("/decisions" in str(each) for each in given[:2])
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        sys.argv = ["labelworks", "review", "import", file, "--store", store]
        main()
    end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(end, flush=True)
    if end == 0:
        break
"""
MOMENTS = 40  # more than there are
ANSWERS = 60


def kept(root: Path) -> list[str]:
    store = Store(str(root))
    return list(read_decisions(store, decisions_files(store, "made"))["id"].to_pylist())


def test_all_or_none_whenever_it_is_killed(
    made: Any, write: Any, raw_config: Any, command: Any, tmp_path: Path
) -> None:
    from labelworks.schemas.config.run import RunConfig

    run_stages(RunConfig.model_validate(raw_config(write(made().table))))
    file, before = tmp_path / "audit.csv", tmp_path / "store"
    command("audit", "sample", "--looks", str(ANSWERS), "--to", str(file), "--store", str(before))
    with file.open(newline="") as read:
        rows = list(csv.DictReader(read))
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows({**row, "answer": "(keep)"} for row in rows)
    stores = [str(shutil.copytree(before, tmp_path / f"store-{moment}")) for moment in range(MOMENTS)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), *stores], capture_output=True, check=False, text=True
    )
    ends = [int(line) for line in done.stdout.splitlines() if line.lstrip("-").isdigit()]
    *killed, last = ends
    assert (set(killed), last) == ({-signal.SIGKILL}, 0), done.stderr
    left = [len(kept(Path(store))) for store in stores[: len(ends)]]
    assert set(left[:-1]) == {0, ANSWERS}  # it was killed before and after they were there
    assert left == sorted(left)
    for moment in (left.index(ANSWERS) - 1, left.index(ANSWERS)):
        code, out, _ = command("review", "import", str(file), "--store", stores[moment])
        assert (code, out.split()[0]) == (0, str(ANSWERS - left[moment]))
        assert sorted(kept(Path(stores[moment]))) == sorted(row["id"] for row in rows)
