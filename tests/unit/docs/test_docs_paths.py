"""Files, folders and modules of the repository that the pages name are there."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = "benchmarks|docs|examples|flows|infra|schemas|tasks|tests"
MADE = {"tasks/methods/probes/majority.py", "infra/.env"}  # by who reads the page


def names(page: Path, pattern: str) -> set[str]:
    return {each.rstrip("/.") for each in re.findall(pattern, page.read_text())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_are_there(page: Path) -> None:
    named = names(page, rf"(?<![\w/.<])(?:{ROOMS})/[\w./-]*\w/?(?![\w<*$])")
    made = {each for each in named if each.startswith("infra/k8s/") and each.endswith(".env")}
    assert [each for each in named - MADE - made if not (ROOT / each).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_modules_are_there_and_named_by_the_one_import_name(page: Path) -> None:
    assert names(page, r"(?:from|import|-m) ((?:flows|tasks|schemas|infra)\b[\w.]*)") == set()
    modules = names(page, r"\b(labelworks\.(?:flows|tasks|schemas|infra)[\w.]*)")
    assert [module for module in modules if not _is_there(module)] == []


def _is_there(name: str) -> bool:
    """Whether it is a module, or something in one."""
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except ModuleNotFoundError:
        return False
    module, _, inside = name.rpartition(".")
    return hasattr(importlib.import_module(module), inside)


def test_no_two_decisions_have_one_number() -> None:
    numbers = [path.name.split("-")[0] for path in (ROOT / "docs/decisions").glob("*.md")]
    assert sorted(set(numbers)) == sorted(numbers)
