"""Stages and runs in Markdown, their pictures inline: for artifacts that must not depend on a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelworks.schemas.approval import ApprovalQuestion
from labelworks.schemas.percentages import MISSING, unbroken
from labelworks.schemas.records import GateResult, RunRecord
from labelworks.schemas.stage_results import StageResult
from labelworks.tasks.artifacts.shown.thumbnails import data_uri
from labelworks.tasks.exports.described.markdown import escape, table
from labelworks.tasks.report.texts import wording
from labelworks.tasks.report.texts.key_figures import key_figures
from labelworks.tasks.report.texts.steps import review_command
from labelworks.tasks.report.texts.verdict import verdict

HEADINGS = ("", "check", "expected", "observed")


def gate_rows(gate: GateResult) -> list[dict[str, str]]:
    """Return a gate's checks as the rows of a table artifact; with examples where there are some."""
    rows = [
        {
            "result": wording.state(check),
            "check": check.name,
            "expected": check.expected,
            "observed": check.observed,
        }
        for check in gate.checks
    ]
    if any(check.unexpected for check in gate.checks):
        for row, check in zip(rows, gate.checks, strict=True):
            row["examples"] = ", ".join(check.unexpected)
    return rows


def gate_table(gate: GateResult) -> str:
    """Return a gate's verdict and its checks."""
    verdict = "passed" if gate.ok else "refused the run"
    rows = [
        [wording.state(check), check.name, check.expected, wording.observed(check)] for check in gate.checks
    ]
    return f"**The gate after {gate.stage} {verdict}.**\n\n{table(HEADINGS, rows)}"


def stage(result: StageResult, listed: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> str:
    """Return what a stage found: figures by name, work, gate and its pictures (PNG by title)."""
    figures = [[name.replace("_", " "), _value(value)] for name, value in listed.items()]
    work = [[name.replace("_", " "), wording.count(number)] for name, number in result.work.items()]
    parts = [
        f"# {result.stage}: {wording.seconds(result.seconds)}",
        table(("figure", "value"), figures) if figures else "",
        table(("work done", ""), work) if work else "",
        *(
            f"## {escape(title)}\n\n![{escape(title)}]({data_uri(png)})"
            for title, png in (pictures or {}).items()
        ),
        f"## Gate\n\n{gate_table(result.gate)}",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def summary(record: RunRecord) -> str:
    """Return a whole run: the verdict, its figures and where the report is."""
    gates = [
        [name, "passed" if gate.ok else "refused", str(len(gate.failed)), str(len(gate.warned))]
        for name, gate in record.gates.items()
    ]
    doubted = record.treatment is not None and record.treatment.review
    parts = [
        f"# {escape(record.dataset)}: {record.status}",
        unbroken(escape(verdict(record))),
        _figures(record),
        table(("gate", "verdict", "failed", "warned"), gates) if gates else "",
        f"Report: `{record.report}`" if record.report else "",
        f"Rows to look at: `{review_command(record)}`" if doubted else "",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def question(asked: ApprovalQuestion) -> str:
    """Return what a person has to know to approve a run, for the form of the Prefect UI."""
    record = asked.record
    parts = [
        f"# {escape(record.dataset)}: publish this?",
        *(f"It is asked because: {escape(reason)}" for reason in asked.why),
        _figures(record),
        f"Report: `{record.report}`",
        f"Rows whose labels are doubted, as a page to look through: `{review_command(record)}`",
        f"Run `{record.run_id}`. Without an answer nothing is published; asked until "
        f"{asked.deadline:%Y-%m-%d %H:%M} UTC.",
    ]
    return "\n\n".join(parts) + "\n"


def _figures(record: RunRecord) -> str:
    """The key figures as a list: unlike a table's cells its lines are wrapped, however narrow the page is."""
    return "\n".join(
        f"- {escape(name)}: **{escape(value)}**{f' ({escape(remark)})' if remark else ''}"
        for name, value, remark in key_figures(record)
    )


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return wording.count(value)
    if isinstance(value, Mapping | list | tuple):
        return wording.plural(len(value), "entry")
    return MISSING if value is None else str(value)
