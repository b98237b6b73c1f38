"""docs/gates.md is true: its classes are made, its figures there, its kinds as told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labelworks.schemas.suites import STAGES, Expectation, defaults
from labelworks.tasks.gates import digest, engine
from labelworks.tasks.gates.scopes import scope

PAGE = (Path(__file__).parents[3] / "docs/gates.md").read_text()


def test_the_classes_of_the_page_are_made() -> None:
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(block, {})


@pytest.mark.parametrize("stage", STAGES)
def test_figures_and_columns_of_a_stage_are_there(stage: str) -> None:
    (row,) = re.findall(rf"^\| `{stage}` \|(.*)\|$", PAGE, re.M)
    rows, figures = row.split(" | ")
    both = defaults(stage)
    assert set(re.findall(r"`(\w+)`", figures)) <= set(both.figures.columns)
    assert set(re.findall(r"`(\w+)`", rows)) <= set(both.rows.columns)
    assert ("–" in rows) == (not both.rows.columns)


@pytest.mark.parametrize("stage", STAGES)
def test_thresholds_of_a_stage_are_those_that_there_are(stage: str) -> None:
    (row,) = re.findall(rf"^\| {stage} \| (.*?) \| (.*?) \|$", PAGE, re.M)
    named = {
        (name, severity, float(number))
        for severity, cell in zip(("error", "warning"), row, strict=True)
        for name, number in re.findall(r"`(\w+)` (-?[\d.]+)", cell)
    }
    checks = [check for check in defaults(stage).figures.expect if check.threshold is not None]
    assert named == {(check.name, check.severity, check.kwargs[str(check.threshold)]) for check in checks}


def test_what_merges_is_as_told() -> None:
    table = PAGE.split("## Over partitions")[1].split("##")[0]
    told = {"each row by itself": {"rows"}, "sums of a column": {"sums"}, "order": {"rows"}}
    told |= {"its different values": {"sums", "distinct", "common", "unique"}, "the columns that": {"schema"}}
    for about, scopes in told.items():
        (row,) = re.findall(rf"^\| {about}.*?\| (.*?) \|", table, re.M)
        for shown in re.findall(r"`(\w*?…?\w+?…?)`", row):
            pattern = re.compile(".*".join(map(re.escape, shown.split("…"))) + "$")
            named = [each for each in engine.types() if pattern.search(each)]
            assert named, shown
            assert {scope(Expectation(name="a", expectation=each)) for each in named} & scopes, shown
    assert f"{digest.MOST_VALUES:,} values" in table and f"{digest.SAMPLED_ROWS:,} rows" in table
