"""Live: one command starts server, watcher, receiver, runners; changes, clock and a person do the rest."""

from __future__ import annotations

import itertools
import signal
import statistics
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(1200)
FIRST, CHANGES, BURST = 3, 10, 3
FILES = FIRST + CHANGES + BURST
EVERY = 15  # seconds, of the schedule


def config(name: str, source: Any, root: Path, **sections: Any) -> dict[str, Any]:
    dataset = {
        "name": name,
        "source": str(source),
        "id": "id",
        "label": "label",
        "features": {"vector": "vector"},
    }
    return {
        "dataset": dataset, "store": {"root": str(root / "store")},
        "validate": {"publish_when": {"not_worse": 1}},
        "compute": {"workers": 1}, "reprocess": {"poll": "1s"}, **sections,
    }  # fmt: skip


def put(fs: Any, path: str, table: pa.Table) -> float:
    """Write a parquet object as a whole; when, in seconds since 1970."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    fs.pipe_file(path, sink.getvalue().to_pybytes())
    return time.time()


def test_schedule_change_refusal_approval_and_restart(
    served: Any, versions: Any, made: Any, split: Any, bucket: Any, tmp_path: Path, capsys: Any
) -> None:
    url, options = bucket
    fs = fsspec.filesystem("s3", **options)
    parts = split(made(rows=100 * FILES).table, FILES)
    for number in range(FIRST):
        put(fs, f"{url}/data/part-{number}.parquet", parts[number])
    (tmp_path / "noisy").mkdir()
    pq.write_table(made(rows=300, noise=0.3).table, tmp_path / "noisy/rows.parquet")
    reached = {"endpoint_url": options["endpoint_url"]}
    good = config("good", f"{url}/data/", tmp_path)
    good["dataset"]["storage_options"] = reached
    gates = {"detect": {"thresholds": {"max_noise_rate": 0.01}}}
    refused = config("refused", tmp_path / "noisy", tmp_path, schedule={"interval": f"{EVERY}s"}, gates=gates)
    asks = config(
        "asks",
        tmp_path / "noisy",
        tmp_path,
        schedule={"cron": "* * * * *"},
        treat={"approve_over": 0.01, "objective": {"precision": 0.9}},
    )
    live = served(good, refused, asks)
    live.start()
    chain = versions("good")
    chain.wait(1, 300)

    # a new object leads to a run that embeds its rows and no others
    took = []
    for number in range(FIRST, FIRST + CHANGES):
        began = put(fs, f"{url}/data/part-{number}.parquet", parts[number])
        took.append(chain.wait(number - FIRST + 2) - began)
        work = chain.record(number - FIRST + 2)["work"]
        assert work["embedded_rows"] == 100
        wait_for(lambda: live.at_rest("good"))
    assert chain.numbers() == list(range(1, CHANGES + 2))

    # a burst is one version; events that come twice or for nothing change nothing
    for number in range(FIRST + CHANGES, FILES):
        put(fs, f"{url}/data/part-{number}.parquet", parts[number])
    chain.wait(CHANGES + 2)
    for _ in range(3):
        assert live.post({"dataset": "good", "id": "again"}).status_code == 202
    nothing = f"good: nothing changed since version {CHANGES + 2}"
    wait_for(lambda: any(line.startswith(nothing) for line in live.said))
    before, said = len(live.of("good")), len(live.said)
    live.post({"dataset": "good", "id": "begins a run"})
    wait_for(lambda: len(live.of("good")) > before)
    for number in range(5):
        assert live.post({"dataset": "good", "id": f"meanwhile-{number}"}).status_code == 202
    wait_for(lambda: sum(line.startswith(nothing) for line in live.said[said:]) == 2)
    assert len(live.of("good")) == before + 2  # what comes while a run is on is one more
    assert chain.numbers() == list(range(1, CHANGES + 3))
    assert sorted(chain.ids(CHANGES + 2)) == sorted(pa.concat_tables(parts)["id"].to_pylist())
    with capsys.disabled():
        middle, most = statistics.median(took), max(took)
        print(f"\nput to published (at most 10 s): median {middle:.1f}, longest {most:.1f}, of {CHANGES}")

    # a gate that refuses publishes nothing, and that is told
    assert versions("refused").numbers() == []
    (event,) = wait_for(lambda: live.told("labelworks.gate.failed"))
    assert event["payload"]["dataset"] == "refused"
    assert event["resource"]["prefect.resource.id"] == "labelworks.dataset.refused"
    assert len(wait_for(lambda: live.told("labelworks.version.published"))) >= 1

    # a run waits for a person; the clock asks nobody twice; it goes on without doing its work again
    (paused,) = [run for run in live.of("asks") if run["state_type"] == "PAUSED"]
    (by_cron, *_) = wait_for(
        lambda: [each for each in live.of("asks") if each["auto_scheduled"] and each["end_time"]]
    )
    assert "waits for approval in another flow run" in by_cron["state"]["message"]
    assert versions("asks").numbers() == []
    live.api(f"/flow_runs/{paused['id']}/resume", {"run_input": {"decision": "approve", "by": "Ada"}})
    versions("asks").wait(1)
    record = versions("asks").record(1)
    assert (record["approval"]["by"], record["work"]["embedded_rows"]) == ("Ada", 0)

    # the schedule fires
    fired = [run for run in live.of("refused") if run["auto_scheduled"] and run["end_time"]]
    assert fired
    assert all({"labelworks", "refused"} <= set(run["tags"]) for run in fired)

    # stopped and started again: nothing is published twice, no time of the schedule is run twice or left out
    assert live.stop(signal.SIGINT) == 0
    live.start()
    wait_for(lambda: any("nothing changed since version" in line for line in live.said))

    def scheduled() -> list[dict[str, Any]]:
        return [run for run in live.of("refused") if run["auto_scheduled"] and run["start_time"]]

    wait_for(lambda: len(scheduled()) > len(fired) + 1, about="the schedule after the restart")
    runs = sorted(scheduled(), key=lambda run: str(run["expected_start_time"]))
    times = [datetime.fromisoformat(run["expected_start_time"]) for run in runs]
    assert {(later - sooner).total_seconds() for sooner, later in itertools.pairwise(times)} == {EVERY}
    assert all(run["run_count"] == 1 for run in runs)
    assert chain.numbers() == list(range(1, CHANGES + 3))
    assert live.stop(signal.SIGTERM) == 0
