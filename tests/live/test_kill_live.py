"""Killed in part again and again while the source changes: every change is in one chain, once."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(1800)
CHANGES, LONGEST_PAUSE = 20, 4.0
# Each is killed in turn: by the module it runs, and a Dask worker by how it was started.
VICTIMS = (
    "labelworks.infra.prefect_server.server",
    "labelworks.flows.served.runner",
    "spawn_main",
    "labelworks.infra.events.source_watcher",
    "labelworks.infra.events.http_receiver",
)


def test_every_change_is_in_the_chain_of_versions_once(
    served: Any, versions: Any, made: Any, split: Any, tmp_path: Path, capsys: Any
) -> None:
    parts = split(made(rows=60 * (CHANGES + 2)).table, CHANGES + 2)
    (tmp_path / "data").mkdir()
    for number in (0, 1):
        pq.write_table(parts[number], tmp_path / f"data/part-{number:02}.parquet")
    dataset = {
        "name": "made", "source": str(tmp_path / "data"), "id": "id", "label": "label",
        "features": {"vector": "vector"},
    }  # fmt: skip
    live = served(
        {
            "dataset": dataset, "store": {"root": str(tmp_path / "store")},
            "compute": {"workers": 1}, "reprocess": {"poll": "1s", "debounce": "500ms"},
        }
    )  # fmt: skip
    live.start()
    chain = versions("made")
    chain.wait(1, 300)
    victims = itertools.cycle(VICTIMS)
    killed = Counter[str]()
    pause = random.Random(0)
    for number in range(2, CHANGES + 2):
        whole = tmp_path / f"data/.part-{number}"
        pq.write_table(parts[number], whole)
        whole.rename(tmp_path / f"data/part-{number:02}.parquet")
        told(live, number)
        time.sleep(pause.uniform(0.0, LONGEST_PAUSE))
        victim = next(victims)
        live.kill(victim)
        killed[victim] += 1
        if victim == VICTIMS[-1]:
            expected = sorted(pa.concat_tables(parts[: number + 1])["id"].to_pylist())
            wait_for(
                lambda rows=expected: sorted(chain.ids(chain.numbers()[-1])) == rows, 300, about="a version"
            )
    numbers = chain.numbers()
    held = [set(chain.ids(number)) for number in numbers]
    # a chain: each version holds what the one before held and more, so each change came in once
    assert all(before < after for before, after in itertools.pairwise(held))
    assert all(len(chain.ids(number)) == len(ids) for number, ids in zip(numbers, held, strict=True))
    runs = [json.loads((tmp_path / f"store/made/versions/{n}.json").read_text())["run_id"] for n in numbers]
    assert len(set(runs)) == len(runs)
    assert numbers == list(range(1, len(numbers) + 1))
    with capsys.disabled():
        print(
            f"\n{CHANGES} changes, killed {dict(killed)}: {len(numbers)} versions, every change in one chain"
        )
    assert live.stop() == 0


def told(live: Any, number: int) -> None:
    """Post an event, too; the receiver may be dead just now."""
    with contextlib.suppress(httpx.TransportError):
        assert live.post({"dataset": "made", "id": f"change-{number}"}).status_code == 202
