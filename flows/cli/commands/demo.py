"""`labelworks demo`: the whole pipeline on data that every installation has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.flows.cli.commands.run import exit_code
from labelworks.flows.cli.output import only_the_result_on_stdout, plain, print_json, print_rich

if TYPE_CHECKING:
    from labelworks.schemas.records import RunRecord


def demo(
    store: Annotated[str, typer.Option(help="Where to keep the data and the run.")] = "labelworks-store",
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the injected label errors.")] = 0,
) -> None:
    """Run the real pipeline on handwritten digits with injected label errors and a shifted window."""
    if as_json:
        with only_the_result_on_stdout():
            record, found = _run(store, seed)
        print_json({**plain(record), "demo": found})
    else:
        record, found = _run(store, seed)
        _show(record, found)
    raise typer.Exit(exit_code(record))


def _show(record: RunRecord, found: dict[str, Any]) -> None:
    from labelworks.tasks.report import terminal

    print_rich(terminal.demo(found, record.report))


def _run(store: str, seed: int) -> tuple[RunRecord, dict[str, Any]]:
    from labelworks.flows.cli.progress import shown
    from labelworks.flows.demo import run_demo
    from labelworks.schemas.config.load import absolute

    with shown() as progress:
        return run_demo(absolute(store), seed=seed, progress=progress)
