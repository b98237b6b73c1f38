"""`labelworks review`: rows that people look at, and what they decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.flows.cli.commands.review_export import export
from labelworks.flows.cli.commands.review_import import take
from labelworks.flows.cli.commands.review_serve import serve
from labelworks.flows.cli.groups import Flowing
from labelworks.flows.cli.output import only_the_result_on_stdout, plain, print_json, print_rich, say
from labelworks.flows.cli.store_option import At, Config, open_store

if TYPE_CHECKING:
    from rich.table import Table

    from labelworks.tasks.review.record import LogEntry

SHOWN_FOR = {"like": "like another"}
review = typer.Typer(
    cls=Flowing, name="review", help="Rows that people look at, and what they decided.", no_args_is_help=True
)
review.command()(export)
review.command(name="import")(take)
review.command()(serve)


@review.command()
def log(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Its name in the store.")],
    store: At = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the decisions of a dataset: who answered what and why they were asked, and what is stale by now.

    A decision is stale when what the row holds has changed since, and then no run hears it.
    """
    from labelworks.tasks.catalog.history import known_dataset
    from labelworks.tasks.review.record import decided

    with only_the_result_on_stdout():
        opened = open_store(store, config)
        decisions = decided(opened, known_dataset(opened, dataset))
    if as_json:
        print_json({"dataset": dataset, "decisions": [_row(decision) for decision in decisions]})
    elif decisions:
        print_rich(_table(decisions))
    else:
        say(f"nobody has decided anything about {dataset}")


def _row(each: LogEntry) -> dict[str, Any]:
    return {**plain(each.decision), "standing": each.standing or "holds"}


def _table(found: list[LogEntry]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("when", "who", "row", "given", "answer", "asked for", "stands"):
        table.add_column(name)
    for entry in found:
        made = entry.decision
        said = "; ".join(made.classes) or (made.answer if made.number is None else f"{made.number:g}")
        cells = (
            made.annotator,
            made.id,
            made.given or "",
            said,
            SHOWN_FOR.get(made.why, made.why),
            entry.standing or "holds",
        )
        table.add_row(f"{made.when:%Y-%m-%d %H:%M}", *map(escape, cells))
    return table
