"""docs/data-faults.md is true: its configs are accepted, its fields and thresholds are there."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from labelworks.schemas.config.run import GateConfig, RunConfig
from labelworks.schemas.findings import SplitFindings
from labelworks.schemas.suites import suites

PAGE = (Path(__file__).parents[4] / "docs/data-faults.md").read_text()
DATASET = {"dataset": {"source": "data", "label": "label", "features": {"text": "text"}}}


def test_the_configs_are_ones() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S):
        config = RunConfig.model_validate(DATASET | yaml.safe_load(block))
        for stage in ("embed", "detect"):
            suites(stage, getattr(config.gates, stage, GateConfig()))


def test_the_fields_are_there() -> None:
    assert set(re.findall(r"`splits\.(\w+)`", PAGE)) <= set(SplitFindings.model_fields)
