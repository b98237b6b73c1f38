"""The examples of the front door's docstrings run, and every function's docstring has its sections."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

import labelworks as lw

SLOW = ("curate",)  # tests/servers/test_curate_here.py runs its example beside a server
FUNCTIONS = sorted(name for name, home in lw._HOMES.items() if ".notebook." in home)
SECTIONS = ("Parameters", "Returns", "Raises", "Examples")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in SLOW])
def test_examples_run(name: str) -> None:
    found = doctest.testmod(import_module(lw._HOMES[name]))
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_have_their_sections(name: str) -> None:
    text = getattr(lw, name).__doc__
    missing = [each for each in SECTIONS if f"    {each}\n    {'-' * len(each)}\n" not in text]
    assert missing == []
    assert "Source" in text or name in ("methods", "curate")
