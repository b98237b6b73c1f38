"""docs/performance.md: its code runs and tells the truth, and it names every method of its kind."""

import re
from pathlib import Path

import yaml

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.suites import suites
from labelworks.tasks.methods import registry

PAGE = (Path(__file__).parents[4] / "docs/performance.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_its_code_runs_and_tells_the_truth():
    made = {}
    for block in CODE:
        exec(block, made)
    right = (made["target_pred_probs"].argmax(axis=1) == made["hidden"]).mean()
    figures = made["model"].figures
    assert abs(figures.loc["accuracy", "value"] - right) < 0.04
    assert abs(figures.loc["value", "value"] - (2 * right - 1)) < 0.08
    ranks = made["ranks"].table["rank"]
    assert (
        ranks["given", "parrot"] == 1 and made["ranks"].table.loc[("corrected", "parrot"), "accuracy"] < 0.93
    )


def test_its_config_is_one():
    config = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.S)[1])
    config["dataset"] |= {"source": "here", "label": "label", "features": {"text": "body"}}
    loaded = RunConfig.model_validate(config)
    assert loaded.detect.performance.model == "model_a_probs"
    named = {each.name for each in suites("detect", loaded.gates.detect).figures.expect}
    assert set(loaded.gates.detect.thresholds) <= named


def test_it_names_every_method():
    names = {method.name for method in registry.methods("performance")}
    assert names == set(re.findall(r"\(`([\w-]+)`\) \|", PAGE))
