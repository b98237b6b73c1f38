"""docs/judges.md: its config loads, its code runs on a real service, it names every key of a model."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml

from labelworks.flows.preflight import check_judges
from labelworks.schemas.config.judges import JudgeConfig
from labelworks.schemas.config.run import RunConfig
from tests.support.completions import Completions

PAGE = (Path(__file__).parents[4] / "docs/judges.md").read_text()
DATASET = {"source": "data", "label": "label", "features": {"text": "text"}}


def test_its_config_loads() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    config = RunConfig.model_validate({"dataset": DATASET} | yaml.safe_load(block))
    assert len(config.treat.judges.models) == 2
    check_judges(config)


def test_its_code_runs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = np.array(["cat", "dog"])[rng.integers(0, 2, 300)]
    labels = np.where(rng.random(300) < 0.15, np.where(true == "cat", "dog", "cat"), true)
    features = 1.5 * (true == "dog")[:, None] + rng.normal(size=(300, 2))
    texts = [f"{name} number {row}" for row, name in enumerate(true)]
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    with Completions(lambda asked: asked.shown.split()[0]) as service:
        names = {"labels": labels, "features": features, "texts": texts, "true": true}
        exec(code, names | {"service": service.url, "folder": tmp_path / "store"}, names)
    assert len(service.asked) == 100
    assert (names["treated"].labels == true).mean() >= (labels == true).mean()


def test_every_key_of_a_model_is_named() -> None:
    for name in JudgeConfig.model_fields:
        assert f"`{name}`" in PAGE or f"{name}: " in PAGE
