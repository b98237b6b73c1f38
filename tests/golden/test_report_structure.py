"""The report's outline, so that a section can't get lost unseen."""

import re

from labelworks.tasks.report.html import TEMPLATES, render
from tests.support import reports

OUTLINE = """
h2 What to do next
h2 What was found
h3 Scores of the labels
h3 Which label is given instead of which
th true class, given label, how often
h2 Rows to look at
h2 Classes before and after
th class, rows before, rows after, source, target, interval, weight
h2 Labels by example
h3 Typical
h3 Borderline
h2 What is in this version
th what, value, remark
h2 What was changed and why
th action, reason, rows
h2 Is it better?
th trained on, accuracy
h2 Gates
th check, expected, observed
th check, expected, observed
h2 The run
th stage, time
th work done
th software, version
"""


def outline(html):
    lines = []
    for heading, row in re.findall(r"(<h[23]>.*?</h[23]>)|<thead>(.*?)</thead>", html, re.DOTALL):
        if heading:
            lines.append(f"{heading[1:3]} {heading[4:-5]}")
        else:
            lines.append("th " + ", ".join(cell for cell in re.findall(r"<th.*?>(.*?)</th>", row) if cell))
    return lines


WITH_FLAGGED = """
h2 Rows to look at
h3 All rows that are flagged
th row, label, likely wrong, action
h2 Classes before and after
"""


def test_outline_of_a_published_run():
    assert outline(render(reports.published(), reports.evidence())) == OUTLINE.strip().splitlines()


def test_the_flagged_rows_are_listed_after_those_that_are_shown_large():
    evidence = reports.evidence()
    evidence = reports.evidence(flagged=evidence.worst * 2, flagged_rows=6)
    lines = outline(render(reports.published(), evidence))
    assert "\n".join(WITH_FLAGGED.strip().splitlines()) in "\n".join(lines)


def test_what_scrolls_is_reached_by_the_keyboard():
    """Tables lie in `<div {{ scroll }}>`: a class alone would leave them to the mouse."""
    bare = [path.name for path in TEMPLATES.glob("*.html") if 'class="scroll"' in path.read_text()]
    assert bare == []
