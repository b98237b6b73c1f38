"""`labelworks review import`: answers in a file become decisions of their dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from labelworks.flows.cli.answers import Annotator, AsJson, take_file
from labelworks.flows.cli.store_option import At, Config


def take(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="What `review export` wrote, with answers, or the export of the tool that answered.",
        ),
    ],
    annotator: Annotator = None,
    store: At = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take the answers in FILE into the decisions of its dataset, all that are valid at once.

    Its form is told by its content: CSV, Parquet, the file that the page saves,
    Label Studio's JSON or JSON-MIN, Argilla's records. Each row is checked: an
    unknown id or class, what has changed since it was shown, what was answered
    before or is of another dataset is put aside, and it is said why. Where the
    command is stopped, none is taken.
    """
    take_file(file, annotator, store, config, as_json=as_json)
