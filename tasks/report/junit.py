"""What gates found as JUnit XML, for CI systems: one test suite a stage, one test case an expectation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args
from xml.etree import ElementTree

from labelworks.schemas.records import Check, GateResult, RunRecord, Stage
from labelworks.tasks.gates import NOT_MEASURED

NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # that XML 1.0 can't have


def junit(records: Iterable[RunRecord]) -> str:
    """The gates of some runs as one document.

    A warning is a case that passes and says so in its output; a figure that wasn't measured is skipped.
    """
    root = ElementTree.Element("testsuites", name="labelworks")
    order = get_args(Stage)
    suites = [
        _suite(record, gate)
        for record in records
        for _, gate in sorted(record.gates.items(), key=lambda pair: order.index(pair[0]))
    ]
    root.extend(suites)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, 0)) for suite in suites)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(record: RunRecord, gate: GateResult) -> ElementTree.Element:
    name = f"{record.dataset}.{gate.stage}"
    seconds = f"{record.timings.get(gate.stage, 0):.3f}"
    cases = [_case(check, name) for check in gate.checks]
    suite = ElementTree.Element(
        "testsuite", name=_text(name), tests=str(len(cases)), failures=str(len(gate.failed)), errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)), time=seconds,
        timestamp=record.started[:19],
    )  # fmt: skip
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in (("run", record.run_id), ("status", record.status), ("report", record.report)):
        ElementTree.SubElement(properties, "property", name=key, value=_text(value))
    suite.extend(cases)
    return suite


def _case(check: Check, suite: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=_text(check.name), classname=_text(suite), time="0")
    reason = f"observed: {check.observed}\nexpected: {check.expected}"
    if check.unexpected:
        reason += f"\nfor example: {', '.join(check.unexpected)}"
    if check.ok and check.observed == NOT_MEASURED:
        ElementTree.SubElement(case, "skipped", message=NOT_MEASURED)
    elif check.ok:
        ElementTree.SubElement(case, "system-out").text = _text(reason)
    elif check.severity == "error":
        failure = ElementTree.SubElement(case, "failure", type="error", message=_text(check.sentence))
        failure.text = _text(reason)
    else:
        ElementTree.SubElement(case, "system-out").text = _text(f"warning: {check.sentence}\n{reason}")
    return case


def _text(said: str) -> str:
    return NO_TEXT.sub("\ufffd", said)
