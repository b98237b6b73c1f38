"""docs/noise.md names every method, only functions that exist, and configs that load."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from schemas.config import RunConfig
from tasks.methods import registry
from tasks.methods.check import check_methods

PAGE = (Path(__file__).parents[2] / "docs/noise.md").read_text()
TABLES = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
DATASET = {"source": "data", "label": "label", "features": {"text": "text"}}


@pytest.mark.parametrize("kind", ["noise", "probes", "crowd"])
def test_every_method_has_its_line(kind: str) -> None:
    assert {method.name for method in registry.methods(kind)} <= set(re.findall(r"`([a-z-]+)`", TABLES))


def test_no_line_names_a_noise_method_that_there_is_not() -> None:
    table = PAGE.split("| method |")[1].split("\n\n")[0]
    names = re.findall(r"^\| `([a-z-]+)`", table, re.M)
    assert sorted(names) == [method.name for method in registry.methods("noise")]


@pytest.mark.parametrize(("module", "name"), re.findall(r"^\| `([a-z_]+)\.([a-z_]+)` \|", PAGE, re.M))
def test_functions_named_are_there(module: str, name: str) -> None:
    assert callable(getattr(importlib.import_module(f"tasks.methods.noise.{module}"), name))


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.S))
def test_configs_load(block: str) -> None:
    check_methods(RunConfig.model_validate({"dataset": DATASET} | yaml.safe_load(block)))


def test_the_example_on_arrays_runs() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8))
    labels, corrected = rng.integers(0, 3, (2, 60))
    names = {
        "image_vectors": vectors, "text_vectors": vectors + 0.1 * rng.normal(size=(60, 8)),
        "labels": labels, "corrected": corrected,
        "guesses": labels, "others": corrected,
    }  # fmt: skip
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.S)[0], names)
    assert names["ranks"].flips[0][:2] == ("small", "large")
