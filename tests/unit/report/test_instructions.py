"""Labelling instructions as Markdown: text of the data is text."""

from __future__ import annotations

import re

from labelworks.tasks.artifacts.shown.cells import Cell
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.report.html import render
from labelworks.tasks.report.instructions.choose import ClassExamples, Example
from labelworks.tasks.report.instructions.written import markdown
from tests.support import reports

HOSTILE = "<img src=x onerror=alert(1)>\n# heading ![a](http://evil.example/p.png) [b](javascript:alert(1))"


def found() -> list[ClassExamples]:
    typical = (Example("p", 0, HOSTILE, "c", 0.1), Example("p", 2, "q2", "c", 0.1))
    return [ClassExamples(HOSTILE, 40, 0.8, typical, (Example("p", 1, "q1", HOSTILE, 0.4),))]


CONTENTS = {
    ("p", 0): Content(text=HOSTILE),
    ("p", 1): Content(image=reports.picture()),
    ("p", 2): Content(vector="a, row 3"),
}


def test_hostile_text_is_inert_in_markdown() -> None:
    confusions = [{"true": HOSTILE, "given": "c", "probability": 0.2}]
    noise = {**reports.published().noise.model_dump(), "top_confusions": confusions}  # type: ignore[union-attr]
    text = markdown(reports.published(noise=noise), found(), CONTENTS)
    assert "<img" not in text
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# Labels of digits, by example"]
    assert text.count("![") == text.count("![the row's image](data:image/png;base64,") == 1
    assert len(re.findall(r"(?<!\\)\]\(", text)) == 1
    assert "is 40.0 % likely" in text
    assert "Sometimes given instead: c (20.0 %)" in text


def test_hostile_text_is_inert_in_the_report() -> None:
    html = render(reports.published(), reports.evidence(instructions=found(), shown_rows=CONTENTS))
    assert "<img src=x" not in html
    assert "1 typical" not in html and "2 typical, 1 borderline, of 40 rows" in html


def test_a_row_of_a_table_is_written_with_its_first_columns() -> None:
    cells = (Cell(HOSTILE, HOSTILE), *(Cell(f"x{place}", f"{place}.5") for place in range(30)))
    contents = CONTENTS | {("p", 2): Content(cells=cells, columns=50)}
    text = markdown(reports.published(), found(), contents)
    assert "x0: 0.5 · x1: 1.5" in text and "x10: 10.5 · 38 more columns" in text and "x11" not in text
    assert "<img" not in text
