"""docs/rules.md is true: its config is one, its example runs, its keys are there."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.flows.preflight import check_methods
from labelworks.schemas.config.labels.rules import KINDS
from labelworks.schemas.config.load import load_config

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/rules.md").read_text()


def test_the_config_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the columns that it names."""
    monkeypatch.chdir(tmp_path)
    rows = {"id": ["a"], "text": ["dear"], "amount": [1.0], "country": ["AT"]}
    pq.write_table(pa.table(rows), "tickets.parquet")
    (config,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    Path("config.yaml").write_text(config)
    loaded = load_config("config.yaml", check=check_methods)
    assert [rule.kind for rule in loaded.dataset.rules] == ["matches", "where", "matches"]
    assert loaded.detect.noise.method in PAGE


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """And prints labels and rules."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    printed = capsys.readouterr().out
    assert "spam" in printed
    assert "greets" in printed


def test_every_kind_of_rule_has_its_line() -> None:
    """In the table of keys."""
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(KINDS)
