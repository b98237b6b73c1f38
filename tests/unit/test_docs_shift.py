"""docs/shift.md names every shift method once, and only functions that exist."""

import importlib
import re
from pathlib import Path

import pytest

from tasks.methods import registry

PAGE = (Path(__file__).parents[2] / "docs/shift.md").read_text()
FIRST = [name for row in re.findall(r"^\| (`.+?) \|", PAGE, re.M) for name in re.findall(r"`(.+?)`", row)]


def test_every_method_is_in_a_table():
    names = [method.name for method in registry.methods("shift")]
    assert sorted(FIRST) == sorted([*names, "auto"])  # of priors, and the short name of drift-auto


@pytest.mark.parametrize(("name", "where"), re.findall(r"^\| `([\w-]+)` \| `(\w+\.\w+)` \|", PAGE, re.M))
def test_each_function_is_the_registered_one(name, where):
    module, function = where.split(".")
    found = getattr(importlib.import_module(f"tasks.methods.shift.{module}"), function)
    assert registry.get("shift", name).target is found
