"""Trees of processes: a served pipeline, or the sources of one that workers of a Prefect server run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flows.runner import STOP
from infra.api import await_server, configured_url, server_member
from infra.credentials import SECRET, TOKEN, credentials
from infra.family import Family, Member
from infra.served import held, keep_configs
from schemas.config import RunConfig

Tell = Callable[[str], None]


def serve(configs: Sequence[RunConfig], state: Path, *, port: int, listen: str, tell: Tell) -> None:
    """Serve the pipelines of these configs until Ctrl-C or SIGTERM, then end every process of the tree."""
    with _family(configs, state, tell) as family:
        url = _server(family, state, port, tell)
        _sources(family, state, listen, url, tell)
        for config in configs:
            name = config.dataset.name
            runner = _member(f"runner of {name}", "flows.runner", [str(state), name], url)
            runner.ended_by = STOP
            family.add(runner)


def watch(configs: Sequence[RunConfig], state: Path, *, listen: str, tell: Tell) -> None:
    """Tell the configured Prefect server of changes until Ctrl-C or SIGTERM; its workers do the runs."""
    with _family(configs, state, tell) as family:
        url = configured_url()
        tell(f"changes are told to {url} (PREFECT_API_URL)")
        _sources(family, state, listen, url, tell)
        family.add(_member("emitter", "infra.emitter", [str(state)], url))


@contextmanager
def _family(configs: Sequence[RunConfig], state: Path, tell: Tell) -> Iterator[Family]:
    """A family to start members in; they are kept when the block is left, until a signal comes."""
    with held(state):
        keep_configs(state, configs)
        family = Family(tell)
        family.stop_on_signals()
        try:
            yield family
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
