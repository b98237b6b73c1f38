"""Answers in a file taken into the decisions of their dataset, and said what became of them."""

from __future__ import annotations

import getpass
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import only_the_result_on_stdout, print_json, say
from labelworks.flows.cli.store_option import open_store

if TYPE_CHECKING:
    from labelworks.tasks.artifacts.decisions.checked import Checked
    from labelworks.tasks.storage.store import Store

SHOWN = 20  # rows put aside that are named
Annotator = Annotated[
    str | None, typer.Option(help="Who answered, where the file doesn't say. Default: the user.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what became of it as JSON.")]


def take_file(
    file: str, annotator: str | None, store: str | None, config: str | None, *, as_json: bool
) -> None:
    """Take all that hold; print what was taken, what was put aside and why, and what samples say by now."""
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.catalog.history import known_dataset
    from labelworks.tasks.review.exchange.formats import read_answers
    from labelworks.tasks.review.record import take_answers

    with only_the_result_on_stdout():
        opened = open_store(store, config)
        answers = read_answers(absolute(file), annotator or getpass.getuser())
        dataset = known_dataset(opened, _dataset_of([answer.dataset for answer in answers], file))
        checked = take_answers(opened, dataset, answers)
        estimates = _estimates(opened, dataset)
    if as_json:
        print_json({**_plain(checked), "dataset": dataset, "estimates": estimates})
        return
    print("\n".join([checked.says, *estimates]))
    for refused in checked.aside[:SHOWN]:
        say(f"row {refused.place} ({_named(refused.id)}): {refused.reason}")
    if len(checked.aside) > SHOWN:
        say(f"and {len(checked.aside) - SHOWN:,} more")


def _dataset_of(named: list[str], file: str) -> str:
    """The dataset that most rows name."""
    from labelworks.schemas.errors import InputError

    counts = Counter(name for name in named if name)
    if not counts:
        raise InputError("no row names its dataset", where=file, fix="keep the columns behind the answers")
    return counts.most_common(1)[0][0]


def _estimates(store: Store, dataset: str) -> list[str]:
    from labelworks.tasks.artifacts.decisions.estimates import sample_estimates
    from labelworks.tasks.review.record import decided

    held = [entry.decision for entry in decided(store, dataset) if not entry.standing]
    return [estimate.says for estimate in sample_estimates(held)]


def _named(name: str) -> str:
    """An id as a terminal may show it: no more than the beginning, and nothing that steers the terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name[:60])


def _plain(found: Checked) -> dict[str, object]:
    aside = [{"row": refused.place, "id": refused.id, "reason": refused.reason} for refused in found.aside]
    return {"taken": len(found.taken), "unanswered": found.unanswered, "aside": aside}
