"""`labelworks export`: a published version as one file to train on."""

from __future__ import annotations

from typing import Annotated

import typer

from labelworks.flows.cli.output import say
from labelworks.flows.cli.published_version import open_version
from labelworks.flows.cli.store_option import At, Config, find_version


def export(
    joined: Annotated[
        str,
        typer.Option(metavar="FILE", help="The file to write: .parquet, .csv, .jsonl; a path or s3://…"),
    ],
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="The run's id, or as much of it as is unique. Default: the newest version's.",
        ),
    ] = None,
    store: At = None,
    config: Config = None,
) -> None:
    """Write what RUN published as one file to train on: the source's columns with new labels and weights.

    The new label takes the place of the old one; original_label, action, reason, suggestion, weight and
    quality are added. Rows that were put aside are left out. The source is read again, where it was.
    """
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.exports.joined import write_joined

    version = open_version(*find_version(run, store, config), config)
    out = absolute(joined)
    written = write_joined(version, out)
    print(out)
    say(f"{written.rows:,} {'row' if written.rows == 1 else 'rows'} of run {version.run_id}")
    for name, new in written.renamed.items():
        say(f"the source's column {name!r} is {new!r} there: a column of that name is added")
