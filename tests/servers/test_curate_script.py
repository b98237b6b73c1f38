"""`lw.curate` in a script without a guard, on processes of its own; and where a Prefect API is configured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import labelworks as lw

SCRIPT = """
import labelworks as lw

print("begun")
settings = {"compute": {"workers": 1}}
curation = lw.curate("rows.parquet", label="label", id="id", vector="vector", **settings)
print(curation.record.status, len(curation.issues))
"""


def test_a_script_without_a_guard(made: Any, tmp_path: Path) -> None:
    """Its worker is a process of its own, which doesn't run the script again."""
    pq.write_table(made().table, tmp_path / "rows.parquet")
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    begun, ended = done.stdout.splitlines()
    assert begun == "begun"
    assert ended.startswith("published ")
    assert int(ended.split()[1]) > 20


def test_where_an_api_is_configured_the_run_is_seen_there(
    made: Any, tmp_path: Path, prefect_api: str
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

    frame = made(rows=120).table.to_pandas()
    settings: dict[str, Any] = {"progress": False}
    curation = lw.curate(
        frame, label="label", vector="vector", name="seen", store=tmp_path / "store", **settings
    )
    assert curation.published
    with get_client(sync_client=True) as client:
        named = FlowRunFilter(name=FlowRunFilterName(any_=["curate seen", "treat seen"]))
        seen = {run.name for run in client.read_flow_runs(flow_run_filter=named)}
    assert seen == {"curate seen", "treat seen"}
