"""Reports as axe-core sees them, in light and dark, on a wide and on a narrow screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.report.comparison.page import RunComparison, page
from labelworks.tasks.report.comparison.rows import ChangedRow, RowChanges
from labelworks.tasks.report.html import render
from tests.support import reports
from tests.support.browser import POLICY, chromium, serious
from tests.support.stages import run_stages

LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
MEASURE = """
const page = document.documentElement;
document.title = `${page.scrollWidth - page.clientWidth} px too wide`;
"""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Reports with all that there may be in them."""
    evidence = reports.evidence()
    long = reports.evidence(flagged=evidence.worst * 40, flagged_rows=120)
    rows = RowChanges(both=9, label=1, action=1)
    rows.actions.update({("keep", "keep"): 8, ("keep", "relabel"): 1})
    rows.labels.update({("a_b", "c"): 1})
    rows.examples.append(ChangedRow("q1", "a_b", ("a_b", "keep"), ("c", "relabel")))
    compared = RunComparison(
        reports.refused(), reports.published(), rows, {"q1": Content(text="where is it?")}
    )
    return {
        "published": render(reports.with_all_sections(), long),
        "refused": render(reports.refused(), evidence),
        "compared": page(compared),
    }


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_no_serious_fault(pages: dict[str, str], scheme: Any, width: int, tmp_path: Path) -> None:
    for html in pages.values():
        assert serious(html, tmp_path, scheme, width) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(pages: dict[str, str], width: int, tmp_path: Path) -> None:
    """But for what scrolls by itself; the names of models in it are long."""
    measure = f"<script>{MEASURE}</script></body>"
    for name, html in pages.items():
        page = tmp_path / f"{name}.html"
        page.write_text(POLICY.sub("", html).replace("</body>", measure), encoding="utf-8")
        dom = chromium(page, tmp_path, "light", width, "--dump-dom").decode()
        assert "<title>0 px too wide</title>" in dom, name


def test_faults_are_found(pages: dict[str, str], tmp_path: Path) -> None:
    pale = pages["published"].replace("--muted: #5c6974", "--muted: #9aa4ac").replace(' lang="en"', "")
    found = {line.split(":")[0] for line in serious(pale, tmp_path, "light")}
    assert found >= {"color-contrast", "html-has-lang"}


def test_a_run_with_a_target_and_windows_of_time(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    table, target = made().table, made(rows=200, seed=1).table.drop_columns(["label"])
    data = {"target": str(write(target, "target")), "time": "day"}
    config = run_config(write(table), dataset=data, detect={"windows": {"by": "auto"}})
    record = run_stages(config)
    html = Path(record.report).read_text()
    assert record.shift is not None
    for scheme in ("light", "dark"):
        assert serious(html, tmp_path, scheme) == []
