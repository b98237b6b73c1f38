"""report.json beside the report is the run's record, by the schema that `labelworks schema report` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.stages import run_stages


def test_a_refused_run_has_one_too(made: Any, write: Any, run_config: Any, command: Any) -> None:
    gates = {"ingest": {"thresholds": {"min_rows": 1e9}}}
    record = run_stages(run_config(write(made().table), gates=gates))
    text = Path(record.report).with_name("report.json").read_text()
    assert json.loads(text) == record.model_dump(mode="json")
    assert record.status == "refused"
    code, out, _ = command("schema", "report")
    assert code == 0
    Draft202012Validator(json.loads(out)).validate(json.loads(text))
    assert out == command("schema", "record")[1]
