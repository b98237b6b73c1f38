"""docs/python.md: its code runs as it stands, and its table names every function."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import labelworks as lw

PAGE = (Path(__file__).parents[3] / "docs/python.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_its_code_runs() -> None:
    names: dict[str, Any] = {}
    arrays = [
        block for block in CODE if "lw.curate" not in block
    ]  # tests/servers/test_curate_here.py runs that
    assert len(arrays) == len(CODE) - 1
    for block in arrays:
        exec(block, names)
    assert (names["found"].flag == (names["labels"] != names["true"])).mean() > 0.99
    assert abs(names["prior"].prior - [0.1, 0.2, 0.7]).max() < 0.06
    assert names["treated"].weights.min() >= 0
    assert names["voted"].labels.tolist() == ["a", "b"]


def test_its_table_names_every_function() -> None:
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)
    assert sorted(named) == sorted(filter(str.islower, lw.__all__))
