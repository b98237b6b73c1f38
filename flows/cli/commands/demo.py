"""`labelworks demo`: the whole pipeline on data that every installation has."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from labelworks.flows.cli.commands.run import exit_code
from labelworks.flows.cli.output import only_the_result_on_stdout, plain, print_json, print_rich


def demo(
    store: Annotated[str, typer.Option(help="Where to keep the data and the run.")] = "labelworks-store",
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the injected label errors.")] = 0,
) -> None:
    """Run the real pipeline on handwritten digits with injected label errors and a shifted window."""
    with only_the_result_on_stdout() if as_json else nullcontext():
        from labelworks.flows.cli.progress import shown
        from labelworks.flows.demo import run_demo
        from labelworks.schemas.config.load import absolute
        from labelworks.tasks.report import terminal

        with shown() as progress:
            record, figures = run_demo(absolute(store), seed=seed, progress=progress)
    if as_json:
        print_json({**plain(record), "demo": figures})
    else:
        print_rich(terminal.demo(figures, record.report))
    raise typer.Exit(exit_code(record))
