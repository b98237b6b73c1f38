"""docs/imprecise-labels.md: its code runs as it stands, and it names every kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labelworks.schemas.label_kinds import IN_RUNS
from labelworks.tasks.methods.registry import methods

PAGE = (Path(__file__).parents[4] / "docs/imprecise-labels.md").read_text()


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.S))
def test_code_of_the_page_runs(code: str) -> None:
    exec(code, {})


def test_every_kind_of_label_is_named() -> None:
    named = {method.name for method in methods("label_kind")}
    assert named == {*IN_RUNS, "votes", "rules"}
    assert all(f"\n| `{name}` |" in PAGE for name in named)
