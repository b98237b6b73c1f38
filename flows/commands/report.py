"""`labelworks report`: the HTML report of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.output import say
from flows.where import DEFAULT, At, Config, open_store


def report(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The run's id, or as much of its beginning as is unique.")
    ],
    store: At = DEFAULT,
    config: Config = None,
    out: Annotated[Path | None, typer.Option(help="Write a copy of the report to this file.")] = None,
) -> None:
    """Print where the HTML report of RUN is, or write a copy of it."""
    from schemas.errors import InputError
    from tasks.io.history import lookup

    opened = open_store(store, config)
    folder = "{}/runs/{}".format(*lookup(opened, run))
    name = f"{folder}/report/report.html"
    if not opened.exists(name):
        raise InputError(
            "the run has no report yet", where=opened.url(folder), fix="run its config to its end"
        )
    if out is None:
        print(opened.url(name))
        return
    _write(out, opened.read(name))
    print(out.absolute())
    say(f"a copy of {opened.url(name)}")


def _write(out: Path, data: bytes) -> None:
    from schemas.errors import StoreError

    try:
        out.write_bytes(data)
    except OSError as error:
        raise StoreError(f"can't be written: {error.strerror}", where=str(out)) from error
