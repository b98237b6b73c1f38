"""Every config on a page is one, with a dataset where the page leaves it out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelworks.flows.preflight import check_config
from labelworks.schemas.config.run import RunConfig

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONFIGS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S))
]


def completed(dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset with what is said elsewhere: where it is, its features, and its labels."""
    if dataset.get("format") in ("images", "conll"):
        return dataset
    label = {} if {"votes", "rules"} & set(dataset) else {"label": "label"}
    return {"source": "data", "features": {"text": "text"}, **label, **dataset}


@pytest.mark.parametrize("block", CONFIGS)
def test_a_config_of_a_page_is_one(block: str) -> None:
    said = yaml.safe_load(block)
    check_config(RunConfig.model_validate({**said, "dataset": completed(said.get("dataset", {}))}))
