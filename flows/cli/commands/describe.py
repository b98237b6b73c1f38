"""`labelworks export card` and `labelworks export croissant`: a version as catalogues list it."""

from __future__ import annotations

from typing import Annotated

import typer

from labelworks.flows.cli.output import only_the_result_on_stdout
from labelworks.flows.cli.published_version import open_version
from labelworks.flows.cli.store_option import At, Config, find_version

Run = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="The run's id, or as much of it as is unique. Default: the newest version's."
    ),
]


def card(run: Run = None, store: At = None, config: Config = None) -> None:
    """Print the dataset card of what RUN published: README.md as the Hugging Face hub reads it."""
    from labelworks.tasks.exports.described.card import card as written
    from labelworks.tasks.exports.described.facts import facts_of

    with only_the_result_on_stdout():
        text = written(facts_of(open_version(*find_version(run, store, config), config)))
    print(text, end="")


def croissant(run: Run = None, store: At = None, config: Config = None) -> None:
    """Print what RUN published as Croissant, JSON-LD; its files lie from the run's folder where it says."""
    from labelworks.tasks.exports.described.croissant import text_of

    with only_the_result_on_stdout():
        text = text_of(open_version(*find_version(run, store, config), config))
    print(text)
