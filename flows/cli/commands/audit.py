"""`labelworks audit`: rows drawn for people to look at, and their answers taken back."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from labelworks.flows.cli.answers import Annotator, AsJson, take_file
from labelworks.flows.cli.groups import Flowing
from labelworks.flows.cli.judged_run import open_judged
from labelworks.flows.cli.output import only_the_result_on_stdout, say
from labelworks.flows.cli.store_option import At, Config, find_run

audit = typer.Typer(
    name="audit", help="Rows for people to look at, and their answers.", no_args_is_help=True, cls=Flowing
)


@audit.command()
def sample(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="The run's id, or as much of it as is unique. Default: the newest."
        ),
    ] = None,
    design: Annotated[
        Literal["strata", "changes", "disagreements"],
        typer.Option(
            metavar="DESIGN",
            help="strata: how many labels are wrong; changes: how many of the changed labels are right; "
            "disagreements: whether a model of the treated labels is better.",
        ),
    ] = "strata",
    looks: Annotated[int | None, typer.Option(min=1, help="How many rows to look at.")] = None,
    width: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Or as many as make the interval so wide.")
    ] = None,
    to: Annotated[
        str, typer.Option(metavar="FILE", help="The file to write, in a form of `review export`.")
    ] = "audit.csv",
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other rows.")] = 0,
    store: At = None,
    config: Config = None,
) -> None:
    """Draw rows of a run for people to look at, each with its known probability of being shown.

    Fill in the column `answer` with a class, (keep), (unsure) or (none), and
    give it to `audit import`. More looks of one seed keep the rows of fewer,
    where there are as many strata.
    """
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
    from labelworks.tasks.review.exchange.formats import format_of, write_queue
    from labelworks.tasks.review.pictures import queue_pictures
    from labelworks.tasks.review.sample import draw_sample

    form = format_of(to)
    with only_the_result_on_stdout():
        opened = open_judged(*find_run(run, store, config), config)
        ref = judged_ref(opened.artifacts)
        drawn, expected = draw_sample(
            opened.artifacts, opened.source, ref, design, looks=looks, width=width, seed=seed
        )
        pictures = queue_pictures(opened.artifacts, opened.source, ref, drawn) if form.pictured else {}
        files = write_queue(drawn, absolute(to), pictures)
    print("\n".join(files))
    say(f"{len(drawn.rows):,} rows to look at; the interval is likely to be {100 * expected:.1f} points wide")


@audit.command(name="import")
def take(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `audit sample` wrote, with answers.")],
    annotator: Annotator = None,
    store: At = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take the answers in FILE into the decisions of its dataset, all that are valid at once.

    Each row is checked: an unknown id or class, what has changed since it was
    shown, what was answered before or is of another dataset is put aside, and
    it is said why. Where the command is stopped, none is taken.
    """
    take_file(file, annotator, store, config, as_json=as_json)
