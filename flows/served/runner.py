"""The runner of one dataset: a warm process that runs the flow when events or the schedule ask for it.

Prefect's own runner starts a process for each flow run, which costs more than a small change's work. Here the
imports, the Dask cluster and its workers are kept. One run at a time; whatever comes meanwhile is one more.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from labelworks.infra import settings
from labelworks.infra.events.queue import EventQueue, Waiting
from labelworks.infra.processes.signals import Interrupt
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError, GateRefused, InputError
from labelworks.schemas.events import DatasetChanged
from labelworks.schemas.secrets.logging import tell

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

TURN_SECONDS, POLL_SECONDS = 0.1, 1.0
STOP = signal.SIGUSR2  # in a flow Prefect makes SIGTERM its own, and an error may take its place unseen
TRY_AGAIN = 75  # exit code: what failed may work in a new process
SETTLED = (GateRefused, ConfigError, InputError)  # the same would happen again until something changes


class Runner:
    """Runs one deployment's flow in this process."""

    def __init__(
        self,
        config: RunConfig,
        queue: EventQueue,
        client: SyncPrefectClient,
        deployment: UUID,
        stop: Interrupt,
    ) -> None:
        self.config, self.queue, self.client, self.deployment = config, queue, client, deployment
        self.stop = stop
        self.dataset = config.dataset.name
        self._polled = 0.0

    def turn(self) -> bool:
        """Do what is due, if anything; whether there was something."""
        self._poll()
        waiting = self.queue.waiting(self.dataset)
        if waiting is None:
            return False
        if (scheduled := self.queue.scheduled(self.dataset)) is not None:
            number, event = scheduled
            self._run(self.client.read_flow_run(UUID(event.flow_run)), event, waiting.upto, number)
            return True
        if waiting.over(self.config.reprocess):
            event = self.queue.last(self.dataset, waiting.upto).brief()
            self._run(self._flow_run(event, waiting), event, waiting.upto)
            return True
        return False

    def _poll(self) -> None:
        """Queue the flow runs that the server's schedule, or a person in its UI, made due."""
        if time.monotonic() - self._polled < POLL_SECONDS:
            return
        self._polled = time.monotonic()
        runs = self.client.get_scheduled_flow_runs_for_deployments(
            [self.deployment], scheduled_before=datetime.now(UTC)
        )
        events = [
            DatasetChanged(
                id=f"run-{run.id}-{run.state_id}",
                dataset=self.dataset,
                cause="schedule",
                flow_run=str(run.id),
            )
            for run in runs
        ]
        if events:
            self.queue.put(events)

    def _flow_run(self, event: DatasetChanged, waiting: Waiting) -> FlowRun:
        """The flow run for a batch of events; the same one if this process was killed in it before."""
        parameters = {
            "config": self.config.model_dump(mode="json", by_alias=True),
            "change": event.model_dump(mode="json"),
        }
        from prefect.states import Pending

        return self.client.create_flow_run_from_deployment(
            self.deployment,
            parameters=parameters,
            state=Pending(message=f"{waiting.count} events"),
            idempotency_key=f"{self.dataset}-{event.id}",
        )

    def _run(self, flow_run: FlowRun, event: DatasetChanged, upto: int, number: int | None = None) -> None:
        """Run the flow; its events are done when it ended in a way that would be the same next time."""
        from prefect.exceptions import Pause
        from prefect.flow_engine import run_flow
        from prefect.states import Pending

        from labelworks.flows.reprocess import reprocess

        if not _over(flow_run):
            self.client.set_flow_run_state(flow_run.id, Pending(), force=True)
            began = time.monotonic()
            try:
                state: Any = run_flow(
                    reprocess,
                    flow_run=self.client.read_flow_run(flow_run.id),
                    parameters={"config": self.config, "change": event},
                    return_type="state",
                )
            except Pause:  # the server makes it due again when a person answers
                tell(self.dataset, "waits for approval: see the Prefect UI, or `labelworks approve`")
            else:
                self._conclude(state, time.monotonic() - began)
        self.queue.finish(self.dataset, upto, number)

    def _conclude(self, state: Any, seconds: float) -> None:
        """Say how a run ended; leave the process if another may do better, or if a signal ended it."""
        failed = state.is_failed() or state.is_crashed()
        if failed and self.stop.came:
            raise KeyboardInterrupt
        error = state.result(raise_on_failure=False) if failed else None
        tell(self.dataset, f"{error if failed else state.message or state.name} ({seconds:.1f} s)")
        if failed and not isinstance(error, SETTLED):
            sys.exit(TRY_AGAIN)


def _over(flow_run: FlowRun) -> bool:
    """Whether it ended before this process could write down that it did, or a person cancelled it."""
    state = flow_run.state
    return state is not None and (state.is_completed() or state.is_cancelled())


def serve(config: RunConfig, queue: EventQueue, stop: Interrupt) -> None:
    """Register the deployment, start the cluster, and do what is due until a signal comes."""
    from prefect.client.orchestration import get_client

    from labelworks.flows.served.registration import register
    from labelworks.infra.cluster.cluster import cluster
    from labelworks.infra.prefect_server.server import without_heartbeats

    # A dead runner is seen by its parent anyway.
    with without_heartbeats(), cluster(config.compute), get_client(sync_client=True) as client:
        runner = Runner(config, queue, client, register(config), stop)
        tell(config.dataset.name, "ready")
        while not stop.came:
            if not runner.turn():
                time.sleep(TURN_SECONDS)


def main(state: str, dataset: str, parent: str) -> None:
    """Run one dataset's flow until the process that started this one is gone, or asks to stop."""
    from labelworks.infra.processes.supervisor import end_with

    end_with(int(parent))
    settings.apply()
    stop = Interrupt().on(STOP, signal.SIGTERM)
    folder = Path(state)
    config = RunConfig.model_validate_json((folder / "configs" / f"{dataset}.json").read_text())
    with suppress(KeyboardInterrupt):
        serve(config, EventQueue(folder / "events.db"), stop)
    tell(dataset, "stopped")


if __name__ == "__main__":
    main(*sys.argv[1:])
