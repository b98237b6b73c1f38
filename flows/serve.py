"""A served pipeline: server, receiver, watcher and a runner for each dataset, in one tree of processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.api import await_server, configured_url, server_member
from infra.credentials import SECRET, TOKEN, credentials
from infra.family import Family, Member
from infra.served import held, keep_configs
from schemas.config import RunConfig

Tell = Callable[[str], None]


def serve(configs: Sequence[RunConfig], state: Path, *, port: int, listen: str, tell: Tell) -> None:
    """Serve the pipelines of these configs until Ctrl-C or SIGTERM, then end every process of the tree."""
    with held(state):
        keep_configs(state, configs)
        family = Family(tell)
        family.stop_on_signals()
        try:
            url = _server(family, state, port, tell)
            _sources(family, state, listen, url, tell)
            for config in configs:
                name = config.dataset.name
                family.add(_member(f"runner of {name}", "flows.runner", [str(state), name], url))
            family.keep()
        finally:
            tell("stopping")
            family.stop()


def _server(family: Family, state: Path, port: int, tell: Tell) -> str:
    """The address of the Prefect API: the one that is configured, or one in the tree."""
    if configured := configured_url():
        tell(f"Prefect server: {configured} (PREFECT_API_URL)")
        return configured
    member = family.add(server_member(port, state))
    url = f"http://127.0.0.1:{port}/api"
    await_server(member, url, family.over)
    tell(f"Prefect UI: http://127.0.0.1:{port}")
    return url


def _sources(family: Family, state: Path, listen: str, url: str, tell: Tell) -> None:
    if credentials():
        family.add(_member("receiver", "infra.receiver", [str(state), listen], url))
        tell(f"events: POST http://{listen}/api/events, bucket notifications: …/api/notifications")
    else:
        tell(f"no receiver: neither {TOKEN} nor {SECRET} is set")
    family.add(_member("watcher", "infra.watcher", [str(state)], url))


def _member(name: str, module: str, arguments: list[str], url: str) -> Member:
    return Member(name, module, [*arguments, str(os.getpid())], {"PREFECT_API_URL": url})
