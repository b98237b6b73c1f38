"""Trees of processes: a served pipeline, or the sources of one that workers of a Prefect server run."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labelworks.flows.served.runner import STOP
from labelworks.infra.events.credentials import SECRET, TOKEN
from labelworks.infra.prefect_server.server import address, await_server, configured_url, server_member
from labelworks.infra.processes.serving import port_of
from labelworks.infra.processes.state_folder import keep_configs, lock
from labelworks.infra.processes.supervisor import Process, Supervisor
from labelworks.schemas.config.run import RunConfig

Tell = Callable[[str], None]
Listening = socket.socket | None


def serve(
    configs: Sequence[RunConfig], state: Path, *, api: Listening, events: Listening, tell: Tell
) -> None:
    """Serve the pipelines of these configs until Ctrl-C or SIGTERM, then end every process of the tree.

    api: the socket of its Prefect server; None: one is configured. events: of the receiver, or None.
    """
    with _family(configs, state, tell) as family:
        url = _server(family, state, api, tell)
        _sources(family, state, events, url, tell)
        for config in configs:
            name = config.dataset.name
            runner = _member(f"runner of {name}", "labelworks.flows.served.runner", [str(state), name], url)
            runner.ended_by = STOP
            family.add(runner)


def watch(configs: Sequence[RunConfig], state: Path, *, events: Listening, tell: Tell) -> None:
    """Tell the configured Prefect server of changes until Ctrl-C or SIGTERM; its workers do the runs."""
    with _family(configs, state, tell) as family:
        url = configured_url()
        tell(f"changes are told to {url} (PREFECT_API_URL)")
        _sources(family, state, events, url, tell)
        family.add(_member("emitter", "labelworks.infra.events.prefect_emitter", [str(state)], url))


@contextmanager
def _family(configs: Sequence[RunConfig], state: Path, tell: Tell) -> Iterator[Supervisor]:
    """A family to start members in; they are kept when the block is left, until a signal comes."""
    with lock(state):
        keep_configs(state, configs)
        family = Supervisor(tell)
        family.stop_on_signals()
        try:
            yield family
            family.keep()
        finally:
            tell("stopping")
            family.stop()


def _server(family: Supervisor, state: Path, listening: Listening, tell: Tell) -> str:
    """The address of the Prefect API: the one that is configured, or one in the tree."""
    if listening is None:
        configured = configured_url()
        tell(f"Prefect server: {configured} (PREFECT_API_URL)")
        return configured
    member, url = family.add(server_member(listening, state)), address(listening)
    await_server(member, url, family.over)
    tell(f"Prefect UI: {url.removesuffix('/api')}")
    return url


def _sources(family: Supervisor, state: Path, events: Listening, url: str, tell: Tell) -> None:
    if events is None:
        tell(f"no receiver: neither {TOKEN} nor {SECRET} is set")
    else:
        receiver = _member(
            "receiver", "labelworks.infra.events.http_receiver", [str(state), str(events.fileno())], url
        )
        receiver.listening = events
        family.add(receiver)
        where = f"http://{events.getsockname()[0]}:{port_of(events)}/api"
        tell(f"events: POST {where}/events, bucket notifications: …/api/notifications")
    family.add(_member("watcher", "labelworks.infra.events.source_watcher", [str(state)], url))


def _member(name: str, module: str, arguments: list[str], url: str) -> Process:
    return Process(name, module, [*arguments, str(os.getpid())], {"PREFECT_API_URL": url})
