"""docs/runs.md is true: its commands run, one after the other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from tests.support.versions import newest

pytestmark = pytest.mark.usefixtures("prefect_api")


def test_the_commands_of_the_page_run(made: Any, run_config: Any, write: Any, tmp_path: Path) -> None:
    table = made(rows=600).table
    timed = table.append_column("when", pa.array([f"2026-0{1 + row // 300}-17" for row in range(600)]))
    changed = {"objective": "accuracy"}  # of so few rows a precision changes none, and a person is not asked
    config = run_config(write(timed), dataset={"name": "reviews", "time": "when"}, treat=changed)
    raw = config.model_dump(mode="json", by_alias=True, exclude={"store"})
    (tmp_path / "reviews.yaml").write_text(yaml.safe_dump(raw))
    page = (Path(__file__).parents[2] / "docs/runs.md").read_text()
    (script,) = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    root = tmp_path / "labelworks-store"
    pointer = newest(root, "reviews")
    assert (pointer["rolled_back_from"], pointer["to"]) == (2, 1)
    record = json.loads((root / pointer["manifest"]).read_text())
    assert record["treatment"]["relabel"] == 5
    assert 'labelworks_version{dataset="reviews"} 3.0' in (tmp_path / "labelworks.prom").read_text()
    assert (root / "reviews@2026-01/versions/1.json").exists()
