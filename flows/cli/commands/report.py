"""`labelworks report`: the HTML report of a run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from labelworks.flows.cli.output import say, write_file
from labelworks.flows.cli.store_option import At, Config, RunId, find_run


def report(
    run: RunId = None,
    store: At = None,
    config: Config = None,
    out: Annotated[Path | None, typer.Option(help="Write a copy of the report to this file.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the web browser.")] = False,
) -> None:
    """Print where the HTML report of RUN is, or of the newest; write a copy of it, or show it."""
    from labelworks.schemas.errors import InputError

    opened, dataset, run_id = find_run(run, store, config)
    folder = f"{dataset}/runs/{run_id}"
    name = f"{folder}/report/report.html"
    if not opened.exists(name):
        raise InputError(
            f"run {run_id} has no report yet", where=opened.url(folder), fix="run its config to its end"
        )
    if open_it and out is None and "://" in opened.url(name):
        out = (
            Path(tempfile.mkdtemp(prefix="labelworks-")) / "report.html"
        )  # a browser has no keys of the store
    place = opened.url(name)
    if out is not None:
        write_file(out, opened.read(name))
        place = str(out.absolute())
        say(f"a copy of {opened.url(name)}")
    print(place)
    if open_it:
        _show(Path(place))


def _show(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.as_uri()):
        say("no web browser was found here: open the file in one")
