"""`labelworks report compare`: what moved from one run to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import print_rich, say, write_file
from labelworks.flows.cli.published_version import open_version
from labelworks.flows.cli.store_option import At, Config, find_run

if TYPE_CHECKING:
    from labelworks.schemas.records import RunRecord
    from labelworks.tasks.artifacts.shown.contents import Content
    from labelworks.tasks.report.comparison.page import RunComparison
    from labelworks.tasks.storage.store import Store

BY_ID = "A run's id, or as much of its beginning as is unique."


def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help=BY_ID)],
    after: Annotated[str, typer.Argument(metavar="AFTER", help=BY_ID)],
    store: At = None,
    config: Config = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the page to this file; default: beside the report of AFTER.")
    ] = None,
) -> None:
    """Show what moved from run BEFORE to run AFTER: figures, rows, gates, config; and write it as a page.

    Rows are compared by their ids, where both runs published. A figure moved where its intervals don't meet.
    """
    from labelworks.tasks.catalog import history
    from labelworks.tasks.report.comparison import page

    first, second = (history.ended(*find_run(run, store, config)) for run in (before, after))
    opened = find_run(after, store, config)[0]
    compared = _compared(opened, first, second, config)
    print_rich(page.terminal(compared))
    text = page.page(compared).encode()
    if out is not None:
        write_file(out, text)
        print(out.absolute())
        return
    name = f"{second.dataset}/runs/{second.run_id}/report/compare-{first.run_id}.html"
    opened.write(name, text)
    print(opened.url(name))


def _compared(store: Store, before: RunRecord, after: RunRecord, config: str | None) -> RunComparison:
    from labelworks.tasks.report.comparison.page import RunComparison
    from labelworks.tasks.report.comparison.rows import changed_rows

    rows = changed_rows(store, before, after)
    if rows is None:
        return RunComparison(before, after, None, {})
    shown = [row.id for row in rows.examples]
    return RunComparison(before, after, rows, _contents(store, after, shown, config) if shown else {})


def _contents(store: Store, record: RunRecord, ids: Sequence[str], config: str | None) -> dict[str, Content]:
    """What is in rows, by id; nothing where the source can't be read any more."""
    from labelworks.schemas.errors import LabelworksError
    from labelworks.tasks.artifacts.shown.contents import by_ids

    try:
        version = open_version(store, record.dataset, record.run_id, config)
        return by_ids(version.artifacts, version.source, version.ref, "source", ids)
    except LabelworksError as error:
        say(f"rows are named by their ids alone: {error}")
        return {}
