"""`lw.curate` of small data, in this process alone, and in a notebook, whose loop runs."""

from __future__ import annotations

import asyncio
import doctest
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labelworks as lw


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is started, and no worker."""

    def started(*_: Any, **__: Any) -> None:
        pytest.fail("a server is started")

    monkeypatch.setattr("labelworks.infra.prefect_server.server.starting_api", started)
    monkeypatch.setattr("labelworks.infra.cluster.cluster.cluster", started)


@pytest.mark.parametrize("name", ["curation", "audits.decisions", "audits.queue"])
def test_its_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(import_module(f"labelworks.flows.notebook.{name}"))
    assert found.attempted
    assert not found.failed


def test_the_code_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/python.md").read_text()
    first, *_, last = re.findall(r"```python\n(.*?)```", page, re.S)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(first + last, names)
    curation = names["curation"]
    assert curation.published
    right = curation.to_pandas()["label"] == names["true"]
    assert right.mean() > (names["labels"] == names["true"]).mean()
    assert {path.name for path in tmp_path.iterdir()} == {"labelworks-store", "labelworks-store-frames"}


def test_a_cell_while_a_loop_runs(made: Any, tmp_path: Path) -> None:
    rows = made()
    frame = rows.table.to_pandas().set_index(rows.table["id"].to_pandas().rename("row") + "!")
    frame["label"] = frame["label"] + "<b>&"

    async def cell(**more: Any) -> Any:
        asyncio.get_running_loop()
        settings = {"store": tmp_path / "store", "progress": False}
        return lw.curate(frame, label="label", vector="vector", **settings, **more)

    curation = asyncio.run(cell())
    assert curation.published
    table = curation.to_pandas()
    assert list(table.index) == list(frame.index)
    assert (table["original_label"] == frame["label"]).all()
    assert set(curation.issues.index) >= set(frame.index[rows.wrong][:5])
    assert "version 1 of frame: 400 rows" in repr(curation)
    for page in (curation._repr_html_(), curation.report()._repr_html_()):
        assert "<b>" not in page
    assert Path(curation.report().url).read_text() == curation.report().html
    assert asyncio.run(cell()).record.run_id == curation.record.run_id

    refused = asyncio.run(cell(gates={"detect": {"thresholds": {"max_noise_rate": 0.01}}}))
    assert refused.record.status == "refused"
    assert "max_noise_rate" in repr(refused) + refused.report().html
    with pytest.raises(lw.InputError, match="nothing was published"):
        refused.to_pandas()
    found = refused.issues
    assert np.isin(
        np.array([f"row-{row:05d}" for row in np.flatnonzero(rows.wrong)[:5]]), _ids(found, frame)
    ).all()
    assert found["suggestion"].str.endswith("<b>&").all()


def _ids(found: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """The ids of rows that are named by file and position."""
    return [frame["id"].iloc[int(name.rpartition("#")[2])] for name in found["id"]]
