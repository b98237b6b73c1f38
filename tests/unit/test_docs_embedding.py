"""docs/embedding.md is true: its configs load, its commands run, it names every encoder and figure."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.config import GateConfig, RunConfig
from schemas.suites import suites
from tasks.methods.check import check_methods
from tasks.methods.registry import methods

PAGE = (Path(__file__).parents[2] / "docs/embedding.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_configs_load(block: str) -> None:
    dataset = {"source": "x.parquet", "label": "y", "features": {"text": "t"}}
    check_methods(RunConfig.model_validate({"dataset": dataset} | yaml.safe_load(block)))


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block.splitlines()])
def test_commands_run(line: str, command: Any) -> None:
    code, out, _ = command(*shlex.split(line)[1:])
    assert code == 0
    assert out


def test_names_every_encoder_and_every_expectation_about_quality() -> None:
    assert all(f"`{method.name}`" in PAGE for method in methods("encoders"))
    assert all(f"`{method.name}`" in PAGE or method.name == "none" for method in methods("adapt"))
    names = {each.name for each in suites("embed", GateConfig()).figures.expect}
    assert set(re.findall(r"`(m(?:in|ax)_\w+)`", PAGE)) <= names
