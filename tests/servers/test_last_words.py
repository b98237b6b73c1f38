"""What a worker says: nothing of its own closed connections as it ends, no secret, everything else."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Any

import pytest

from labelworks.infra.cluster.cluster import machine
from labelworks.schemas.config.run import ComputeConfig

CANARY = "canary-of-a-worker-6he"


async def beat_while_it_closes(dask_worker: Any) -> None:
    """Send a sign of life through closed connections, as one does that is on its way when a worker ends."""
    from distributed.core import Status

    at_work = dask_worker.rpc.status
    await dask_worker.rpc.close()
    dask_worker.status = Status.closing  # so that it doesn't end for this
    sent = asyncio.Event()

    async def beat() -> None:
        try:
            await dask_worker.heartbeat()
        finally:
            sent.set()

    dask_worker.loop.add_callback(beat)
    with suppress(TimeoutError):  # it may be tried again, for as long as the worker closes
        await asyncio.wait_for(sent.wait(), 0.5)
    dask_worker.status, dask_worker.rpc.status = Status.running, at_work


def fail_in_its_loop(dask_worker: Any) -> None:
    def broken() -> None:
        raise RuntimeError("the disk is full")

    dask_worker.loop.add_callback(broken)


@pytest.mark.parametrize(
    ("done", "said"), [(beat_while_it_closes, ""), (fail_in_its_loop, "the disk is full")]
)
def test_a_closed_connection_leaves_no_traceback_and_all_else_does(done: Any, said: str, capfd: Any) -> None:
    from distributed import Client

    with machine(ComputeConfig(workers=1), []) as cluster, Client(cluster) as client:
        client.run(done)
    err = capfd.readouterr().err
    assert ("Traceback" in err) == bool(said)
    assert said in err


def fail_with_a_secret() -> None:
    raise RuntimeError(f"the service refuses {os.environ['OF_A_PLUGIN_TOKEN']}")


def test_a_worker_logs_a_task_that_fails_without_secrets(capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    monkeypatch.setenv("OF_A_PLUGIN_TOKEN", CANARY)
    with machine(ComputeConfig(workers=1), []) as cluster, Client(cluster) as client:
        failed = client.submit(fail_with_a_secret).exception()
    assert CANARY in str(failed)  # whoever raises it on makes it clean
    err = capfd.readouterr().err
    assert "the service refuses ***" in err
    assert CANARY not in err
