"""The examples of the front door's docstrings run, and every function's docstring has its sections."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import labelworks as lw

SLOW = (
    "curate",
    "record_decisions",
    "review_queue",
)  # tests/integration/test_curate_here.py runs their examples
HOMES = {name: getattr(lw, name).__module__ for name in lw.__all__}
FUNCTIONS = [name for name, home in HOMES.items() if ".notebook." in home]
SECTIONS = ("Parameters", "Returns", "Raises", "Examples")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in SLOW])
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some write a store
    result = doctest.testmod(import_module(HOMES[name]))
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_have_their_sections(name: str) -> None:
    text = getattr(lw, name).__doc__
    missing = [title for title in SECTIONS if f"    {title}\n    {'-' * len(title)}\n" not in text]
    assert missing == []
    assert "Source" in text or name in ("methods", "curate", "record_decisions")
