"""The emitter: tells the Prefect server of each burst of changes, so that deployments there react to it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from labelworks.infra import settings
from labelworks.infra.events.queue import EventQueue
from labelworks.infra.events.retries import for_ever
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.events import DatasetChanged, resource_id
from labelworks.schemas.secrets.logging import tell

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

TURN_SECONDS = 0.1


class Emitter:
    """Emits the changes of one dataset, one event for each burst."""

    def __init__(self, config: RunConfig, queue: EventQueue, client: SyncPrefectClient) -> None:
        self.config, self.queue, self.client = config, queue, client

    def turn(self) -> DatasetChanged | None:
        """Emit the event of a burst that is over; None if there is none.

        It is done when the server has it. A process that dies in between emits it again, under the same id.
        """
        dataset = self.config.dataset.name
        waiting = self.queue.waiting(dataset)
        if waiting is None or not waiting.over(self.config.reprocess):
            return None
        event = self.queue.last(dataset, waiting.upto).brief()
        emit(self.client, event)
        self.queue.finish(dataset, waiting.upto)
        tell(dataset, f"{event.event} emitted for {waiting.count} events ({event.id})")
        return event


def emit(client: SyncPrefectClient, event: DatasetChanged) -> None:
    """Give an event to the Prefect server; raise httpx.HTTPError if it doesn't take it."""
    from prefect.events.schemas.events import Event

    name = event.dataset
    sent = Event.model_validate(
        {
            "id": uuid5(NAMESPACE_URL, f"{name}/{event.id}"),
            "event": event.event,
            "resource": {"prefect.resource.id": resource_id(name), "prefect.resource.name": name},
            "payload": event.model_dump(mode="json"),
        }
    )
    client.request("POST", "/events", json=[sent.model_dump(mode="json")])


def keep(emitters: list[Emitter]) -> None:
    """Emit for ever. A server that doesn't answer is tried again, ever less often."""
    import httpx
    from tenacity import Retrying

    retrying = Retrying(**for_ever("Prefect server", httpx.HTTPError))
    while True:
        for emitter in emitters:
            retrying(emitter.turn)
        time.sleep(TURN_SECONDS)


def main(state: str, parent: str) -> None:
    """Emit the changes of all datasets until the process that started this one is gone."""
    from labelworks.infra.processes.state_folder import configs
    from labelworks.infra.processes.supervisor import end_with

    end_with(int(parent))
    settings.apply()
    from prefect.client.orchestration import get_client

    folder = Path(state)
    queue = EventQueue(folder / "events.db")
    with get_client(sync_client=True) as client:
        keep([Emitter(config, queue, client) for config in configs(folder)])


if __name__ == "__main__":
    main(*sys.argv[1:])
