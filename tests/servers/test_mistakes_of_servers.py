"""Servers that aren't there: the exit code and one message that says what, where and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.mistakes import NOBODY, NOWHERE, VECTORS, Mistake, judge, with_set

SERVERS = [
    Mistake("a scheduler that is not there", VECTORS, "no Dask scheduler answers", "compute.scheduler",
            "address", arguments=with_set(f"compute.scheduler=tcp://{NOBODY}")),
    Mistake("a Prefect server that is not there", VECTORS, "doesn't answer", NOWHERE,
            "unset PREFECT_API_URL", code=1, api=f"http://{NOBODY}/api"),
    Mistake("nothing to deploy to", VECTORS, "doesn't answer", NOWHERE,
            "prefect server start", code=1, api=f"http://{NOBODY}/api", arguments=("deploy", "config.yaml")),
    Mistake("nothing to serve with", VECTORS, "doesn't answer", NOWHERE,
            "prefect server start", code=1, api=f"http://{NOBODY}/api", arguments=("serve", "config.yaml")),
    Mistake("a Secret block there is not", VECTORS, "no Secret block 'nothere'", "store.secret", "create it",
            arguments=with_set("store.secret=nothere")),
    Mistake("a receiver that can't be", VECTORS, "expected HOST:PORT", "--listen", ".",
            arguments=("serve", "config.yaml", "--listen", "nowhere")),
]  # fmt: skip


@pytest.mark.usefixtures("prefect_api")
@pytest.mark.parametrize("mistake", SERVERS, ids=lambda mistake: mistake.name)
def test_a_mistake(
    mistake: Mistake, command: Any, snapshot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.chdir(tmp_path)
    with temporary_settings({PREFECT_API_URL: mistake.api} if mistake.api else {}):
        judge(mistake, tmp_path, command, snapshot)
