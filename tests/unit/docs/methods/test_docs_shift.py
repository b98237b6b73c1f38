"""docs/shift.md names every method of shift and drift once, and only functions that exist."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.suites import suites
from labelworks.tasks.methods import registry

PAGE = (Path(__file__).parents[4] / "docs/shift.md").read_text()
KINDS = ("prior", "correction", "drift", "shift_kind", "columns", "groups", "windows", "open_set")
METHODS = PAGE.split("## Which method")[1]
FIRST = [name for row in re.findall(r"^\| (`.+?) \|", METHODS, re.M) for name in re.findall(r"`(.+?)`", row)]


def test_every_method_is_in_a_table():
    names = [method.name for kind in KINDS for method in registry.methods(kind)]
    elsewhere = {"out-of-scope", "linear-separation"}  # docs/noise.md
    assert sorted(FIRST) == sorted([*(set(names) - elsewhere), "auto", "drift-auto"])


@pytest.mark.parametrize(
    ("name", "where", "kind"), re.findall(r"^\| `([\w-]+)` \| `([\w.]+)` \| `(\w+)` \|", PAGE, re.M)
)
def test_each_function_is_the_registered_one(name, where, kind):
    module, _, function = where.rpartition(".")
    found = getattr(importlib.import_module(f"labelworks.tasks.methods.{module}"), function)
    assert registry.get(kind, name).target is found


def test_its_config_is_one():
    block = re.search(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)[1]
    config = yaml.safe_load(block)
    config["dataset"] |= {"source": "here", "label": "label", "features": {"text": "body"}}
    loaded = RunConfig.model_validate(config)
    assert loaded.detect.windows.by == "month" and loaded.detect.groups == ("site", "device")
    gates = [suites("detect", loaded.gates.detect), suites("treat", loaded.gates.treat)]
    thresholds = {check.name for gate in gates for check in gate.figures.expect}
    assert set(re.findall(r"`(max_\w+)`", PAGE)) <= thresholds


def test_its_code_runs_and_finds_what_it_says():
    code = re.search(r"^```python\n(.*?)^```", PAGE, re.M | re.S)[1]
    made = {}
    exec(code, made)
    assert made["found"].prior.shape == (4, 3)
    assert np.sort(made["found"].prior[:3], axis=1)[:, -1].min() > 0.65
    assert made["label_correlation"](made["before"], made["now"]).p_value < 0.01
    assert np.abs(made["prior"] - [0.1, 0.3, 0.6]).max() < 0.04
    assert made["drift"].drifted and made["drift"].per_feature_effect.shape == (3,)


def test_the_benchmarks_that_it_names_are_listed():
    script = Path(__file__).parents[4] / "benchmarks/shift.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^(\w+)$", done.stdout, re.M))
    assert {
        "prior",
        "noise",
        "cost",
        "drift",
        "coverage",
        "openset",
        "openset_tables",
        "discover",
        "overtime",
        "pseudo",
        "csv",
        "made",
    } == listed
    assert subprocess.run([sys.executable, str(script), "tides"], capture_output=True).returncode == 2
