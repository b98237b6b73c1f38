"""`labelworks runs`: the history of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.flows.cli.output import console, only_the_result_on_stdout, plain, print_json, print_rich, say
from labelworks.flows.cli.store_option import At, Config, open_store

if TYPE_CHECKING:
    from rich.table import Table

    from labelworks.schemas.records import RunRecord
    from labelworks.tasks.catalog.history import Entry

WIDE = 120  # columns of a terminal that hold a run on a line
SHORT = 8  # of a run's id, in a narrower one: enough to name it


def runs(
    dataset: Annotated[str | None, typer.Argument(metavar="DATASET", help="Only runs of this one.")] = None,
    store: At = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the runs of a store: when, how each ended, which version it is (* the newest), what it found."""
    from labelworks.tasks.catalog import history

    with only_the_result_on_stdout():
        opened = open_store(store, config)
        name = None if dataset is None else history.known_dataset(opened, dataset)
        entries = history.runs(opened, name)
    if as_json:
        print_json({"runs": [_row(run) for run in entries]})
    elif entries:
        print_rich(_table(entries))
    else:
        say(f"no runs in {opened.url('')} (--store ROOT, or --config CONFIG)")


def _row(each: Entry) -> dict[str, Any]:
    from labelworks.tasks.report.texts.verdict import verdict

    record = each.record
    return {
        **plain(each.model_copy(update={"record": None})),
        "rows": record.rows if record else None,
        "noise_rate": _noise_rate(record),
        "verdict": verdict(record) if record else None,
    }


def _noise_rate(record: RunRecord | None) -> float | None:
    return record.noise.rate if record and record.noise else None


def _table(found: list[Entry]) -> Table:
    """The runs, each with its beginning that names it; in a narrow terminal without rows and noise."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    wide = console().width >= WIDE
    headings = ["run", "dataset", "started (UTC)", "status", "version", "rows", "noise", "verdict"]
    kept = [name for name in headings if wide or name not in ("rows", "noise")]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=wide)
    for name in kept:
        table.add_column(name, no_wrap=name in ("run", "started (UTC)", "version"), overflow="fold")
    for run in found:
        cells = dict(zip(headings, _cells(run), strict=True))
        if not wide:
            cells["run"] = run.run_id[:SHORT]
            cells["started (UTC)"] = cells["started (UTC)"][:16]
        table.add_row(*(escape(cells[name]) for name in kept))
    return table


def _cells(each: Entry) -> tuple[str, ...]:
    from labelworks.schemas.percentages import percent
    from labelworks.tasks.report.texts import wording
    from labelworks.tasks.report.texts.verdict import outcome

    record = each.record
    status = f"{each.status} after {each.reached}" if each.reached else each.status
    version = ", ".join(map(str, each.versions)) + ("*" if each.newest else "")
    figures = (
        (wording.count(record.rows), percent(_noise_rate(record)), outcome(record))
        if record
        else ("", "", each.why.split("\n")[0])
    )
    return each.run_id, each.dataset, each.started.replace("T", " ")[:19], status, version, *figures
