"""benchmarks/results: pages are in the index, begin with what was asked, and name programs that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
PAGES = sorted((BENCHMARKS / "results").glob("*.md"))


def test_the_index_has_every_page() -> None:
    listed = re.findall(
        r"^\| \[[^]]+\]\(results/([\w-]+\.md)\) \|", (BENCHMARKS / "RESULTS.md").read_text(), re.M
    )
    assert sorted(listed) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_begins_with_what_was_asked_and_reached_and_how_it_was_measured(page: Path) -> None:
    title, table = page.read_text().split("\n\n", 2)[:2]
    head, _, *rows = table.splitlines()
    assert title.startswith("# ")
    assert head == "| asked | reached | measured |"
    assert rows
    assert all(len(re.split(r"(?<!\\)\|", row.strip("|"))) == 3 for row in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_programs_that_a_page_names_are_there(page: Path) -> None:
    named = set(
        re.findall(r"python (?:-m )?benchmarks[./](\w+)", page.read_text())
    )  # by file, or as a module
    assert named
    assert [name for name in named if not (BENCHMARKS / f"{name}.py").is_file()] == []
