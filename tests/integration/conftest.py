"""The pipeline in this process, by its command too; a store with a version, and whether it is left alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from labelworks.schemas.config.run import RunConfig
from tests.support.mistakes import RAW
from tests.support.stages import run_stages, without_engine

CONFIG = """
dataset: {name: made, source: SOURCE, id: id, label: label, features: {vector: vector}}
store: {root: STORE}
"""


@pytest.fixture
def command(command: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, str, str]]:
    """Runs `labelworks ARGUMENTS` without an engine; what would start servers calls `servers`."""

    def in_process(*arguments: str, servers: Any = nullcontext) -> tuple[int, str, str]:
        with without_engine(lambda *_, **__: servers()):
            return command(*arguments)

    return in_process


@pytest.fixture(scope="session")
def earlier(made: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A good source, and the store that holds its version 1."""
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "good").mkdir()
    pq.write_table(made(rows=120).table, folder / "good/rows.parquet")
    raw = yaml.safe_load(CONFIG.replace("SOURCE", f"{folder}/good").replace("STORE", f"{folder}/store"))
    run_stages(RunConfig.model_validate(raw))
    return folder / "good", folder / "store"


def never() -> None:
    pytest.fail("servers are started")


@pytest.fixture
def refuse(
    command: Any, snapshot: Any, earlier: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Runs the command on the source and returns its message, having seen that all was left alone.

    begun: whether the rows have to be read for it; what is refused by a look at the source starts no server.
    """

    def refuse(source: Path | str, *settings: str, begun: bool = False, more: str = "") -> str:
        store = earlier[1]
        before = snapshot(store)
        monkeypatch.chdir(tmp_path)
        text = CONFIG.replace("SOURCE", str(source)).replace("STORE", str(store))
        (tmp_path / "config.yaml").write_text(text + more)
        options = [word for setting in settings for word in ("--set", setting)]
        servers = nullcontext if begun else never
        code, out, err = command("run", "config.yaml", "--json", *options, servers=servers)
        after = snapshot(store)
        assert (code, out) == (2, "")
        assert {name: after.get(name) for name in before} == before
        assert [name for name in after if name not in before and "manifest" in name] == []
        assert [name for name in after if "/versions/" in name] == ["made/versions/1.json"]
        assert err.count("labelworks: ") == 1
        assert not RAW.search(err)
        return str(err[err.index("labelworks: ") :])

    return refuse
