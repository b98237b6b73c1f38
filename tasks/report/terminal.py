"""A run in the terminal: a summary of its record, and the demo's short table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labelworks.schemas.percentages import percent
from labelworks.schemas.records import RunRecord
from labelworks.schemas.suites import reasons
from labelworks.tasks.report.texts import wording
from labelworks.tasks.report.texts.key_figures import key_figures
from labelworks.tasks.report.texts.steps import next_steps
from labelworks.tasks.report.texts.verdict import verdict

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

VERDICTS = {
    "published": "bold green",
    "refused": "bold red",
    "rejected": "bold red",
    "waiting": "bold yellow",
}
COLOURS = {"pass": "green", "warn": "yellow", "fail": "bold red"}


def summary(record: RunRecord) -> Group:
    """Return the end of a run: the verdict, its figures, checks that did not pass, where the report is."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = [Text(verdict(record), style=VERDICTS[record.status]), Text()]
    table = _table()
    for name, value, remark in key_figures(record):
        table.add_row(Text(name), Text(wording.beside(value, remark)))
    parts += [table, *_not_passed(record)]
    parts.append(Text())
    if record.report:
        parts.append(Text(f"Report: {record.report}"))
    if record.status == "waiting":
        answer = f"labelworks approve --store {record.config['store']['root']} {record.run_id}"
        parts.append(
            Text(f"Answer: {answer}\n        with --budget ROWS to change fewer labels, or --reject")
        )
    parts += [Text(f"As {name}: {address}") for name, address in record.exports.items()]
    if record.status == "published":
        parts.append(Text(f"To train on it: {next_steps(record)[0].command}"))
    return Group(*parts)


def demo(found: Mapping[str, Any], report: str) -> Group:
    """Return the demo's table: what was found against what is true.

    found: `noise: {precision, recall, rate, true_rate}`, `prior: {class: {estimated, true}}`, `prior_mae`,
    `accuracy: {raw, treated, clean}`; what is missing is left out.
    """
    from rich.console import Group
    from rich.text import Text

    table = _table("", "found", "true")
    for line in (*_noise_lines(found.get("noise", {})), *_prior_lines(found), *_accuracy_lines(found)):
        table.add_row(*map(Text, line))
    return Group(table, Text(f"Report: {report}"))


def _noise_lines(noise: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    lines = [
        ("wrong labels: precision of what was flagged", percent(noise.get("precision")), ""),
        ("wrong labels: recall of what was injected", percent(noise.get("recall")), ""),
    ]
    if noise.get("rate") is not None:
        lines.append(("noise rate", percent(noise["rate"]), percent(noise.get("true_rate"))))
    return lines


def _prior_lines(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    lines = [
        (f"new window: share of {name}", percent(value["estimated"]), percent(value["true"]))
        for name, value in found.get("prior", {}).items()
    ]
    if found.get("prior_mae") is not None:
        lines.append(("new window: mean error of a share", percent(found["prior_mae"], 2), ""))
    return lines


def _accuracy_lines(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    accuracy = found.get("accuracy", {})
    return [
        (f"accuracy, trained on {name} labels", percent(accuracy[key]), "")
        for key, name in (("raw", "raw"), ("treated", "treated"), ("clean", "the true"))
        if accuracy.get(key) is not None
    ]


def _not_passed(record: RunRecord) -> list[Any]:
    """A table of failed and warned checks of all gates; nothing where all passed."""
    from rich.text import Text

    table, why = _table("gate", "check", "expected", "observed"), list[Text]()
    for stage, gate in record.gates.items():
        known = reasons(stage)
        for check in (*gate.failed, *gate.warned):
            if reason := known.get(check.name):
                why.append(Text(f"{check.name}: {reason}", style="dim"))
            state = wording.state(check)
            cells = (f"{check.name} ({state})", check.expected, wording.observed(check))
            table.add_row(Text(stage), Text(cells[0], style=COLOURS[state]), *map(Text, cells[1:]))
    return [Text(), table, *why] if table.row_count else []


def _table(*headings: str) -> Table:
    """A plain table; without headings it has two columns, names and right-aligned numbers."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE if headings else None, show_header=bool(headings), pad_edge=False)
    for heading in headings or ("", ""):
        table.add_column(
            heading, justify="right" if heading in ("found", "true") else "left", overflow="fold"
        )
    return table
