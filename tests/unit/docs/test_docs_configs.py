"""Configs and defaults on the pages are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelworks.flows.preflight import check_config
from labelworks.schemas.config.files import named_columns
from labelworks.schemas.config.idle_keys import idle_keys
from labelworks.schemas.config.run import GateConfig, RunConfig
from labelworks.schemas.suites import STAGES, suites

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONFIGS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S))
]
NUMBER = r"([\d,]*\.?\d+)"
# As in `max_hubness`: 5, a warning; or `detect.sample` (20,000).
SAID = rf"`([a-z_]+(?:\.[a-z_]+)*)`(?:: |, | \(){NUMBER}(?=[);]|, [a-z])"


def completed(dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset with what is said elsewhere: where it is, its features, and its labels."""
    if named_columns(dataset):
        return dataset
    label = {} if {"votes", "rules"} & set(dataset) else {"label": "label"}
    return {"source": "data", "features": {"text": "text"}, **label, **dataset}


@pytest.mark.parametrize("block", CONFIGS)
def test_a_config_of_a_page_is_one(block: str) -> None:
    said = yaml.safe_load(block)
    config = RunConfig.model_validate({**said, "dataset": completed(said.get("dataset", {}))})
    check_config(config)
    assert idle_keys(config) == []


def default_of(name: str) -> set[float]:
    """Of a threshold of a gate, in any stage, or of a dotted key of the config; empty: it is neither."""
    checks = [check for stage in STAGES for check in suites(stage, GateConfig()).figures.expect]
    limits = {
        check.kwargs[check.threshold]
        for check in checks
        if check.name == name and check.threshold is not None
    }
    value: Any = RunConfig.model_validate({"dataset": completed({})})
    for key in name.split(".") if "." in name else ():
        value = getattr(value, key, None)
    return limits | ({value} if isinstance(value, int | float) else set())


def test_defaults_that_pages_name_are_those_that_there_are() -> None:
    named: list[tuple[str, str, float]] = []
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        rows = re.findall(rf"^\| ((?:`m(?:ax|in)_\w+`(?:, )?)+) \| {NUMBER} \|", prose, re.M)
        cells = [(name, number) for names, number in rows for name in re.findall(r"`(\w+)`", names)]
        pairs = [*re.findall(SAID, prose), *cells]
        named += [(page.stem, name, float(number.replace(",", ""))) for name, number in pairs]
    known = [(page, name, number, default_of(name)) for page, name, number in named]
    known = [each for each in known if each[3]]
    assert len(known) > 15
    assert [each for each in known if each[3] != {each[2]}] == []
