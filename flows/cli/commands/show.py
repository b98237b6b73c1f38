"""`labelworks show`: one run in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from labelworks.flows.cli.output import (
    Junit,
    only_the_result_on_stdout,
    plain,
    print_json,
    print_rich,
    write_junit,
)
from labelworks.flows.cli.store_option import At, Config, RunId, find_run

if TYPE_CHECKING:
    from rich.table import Table

    from labelworks.schemas.records import RunRecord
    from labelworks.tasks.catalog.history import Entry


def show(
    run: RunId = None,
    store: At = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print its record as JSON.")] = False,
    junit: Junit = None,
) -> None:
    """Show RUN, or the newest: how it ended, stages with times and gates, figures, where its report is."""
    from labelworks.tasks.catalog import history

    with only_the_result_on_stdout():
        entry = history.entry(*find_run(run, store, config))
    if junit is not None:
        write_junit(junit, [entry.record] if entry.record else [])
    if as_json:
        print_json(plain(entry))
        return
    from labelworks.tasks.report import terminal

    print_rich(_head(entry))
    if entry.record is not None:
        print_rich(_stages(entry.record), terminal.summary(entry.record))


def _head(entry: Entry) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from labelworks.tasks.report.texts.wording import plural

    newest = ", the newest" if entry.newest else ""
    numbers = ", ".join(map(str, entry.versions))
    lines = {
        "run": entry.run_id,
        "dataset": entry.dataset,
        "status": f"{entry.status} after {entry.reached}" if entry.reached else entry.status,
        "why": entry.why,
        "version": numbers + newest,
        "started": _utc(entry.started),
        "finished": _utc(entry.record.finished if entry.record else ""),
        "code": entry.record.code_version if entry.record else "",
        "parts": plural(len(entry.record.parts), "file") if entry.record and entry.record.parts else "",
        "approval": _approval(entry.record),
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in lines.items():
        if value:
            table.add_row(name, escape(value))
    return table


def _utc(moment: str) -> str:
    return f"{moment.replace('T', ' ')[:19]} UTC" if moment else ""


def _approval(record: RunRecord | None) -> str:
    if record is None or not record.approval:
        return ""
    said = record.approval
    budget = "" if said.budget is None else f", at most {said.budget:,} labels changed"
    who = f" by {said.by}" if said.by else ""
    return f"{said.decision}{who}{budget}" + "".join(f"; {reason}" for reason in said.why)


def _stages(record: RunRecord) -> Table:
    from rich import box
    from rich.table import Table

    from labelworks.schemas.records import Stage

    table = Table("stage", "time", "gate", "checks", "warned", "failed", box=box.SIMPLE_HEAD)
    order = get_args(Stage)
    for stage, gate in sorted(record.gates.items(), key=lambda pair: order.index(pair[0])):
        verdict = "[green]passed[/]" if gate.ok else "[bold red]refused[/]"
        counts = (len(gate.checks), len(gate.warned), len(gate.failed))
        table.add_row(stage, f"{record.timings.get(stage, 0):.1f} s", verdict, *map(str, counts))
    return table
