"""`labelworks review export`: rows that are worth a look, as a file for people or for the tool they use."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from labelworks.flows.cli.judged_run import open_judged
from labelworks.flows.cli.output import only_the_result_on_stdout, say
from labelworks.flows.cli.store_option import At, Config, RunId, find_run


def export(
    run: RunId = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows at most.")] = 500,
    to: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The file to write: .html (a page that works from disk), .csv, .parquet, .json (Label "
            "Studio's tasks, the labelling config beside them), .argilla (a folder that Argilla reads).",
        ),
    ] = "review.html",
    by: Annotated[
        Literal["error-removed", "class-coverage", "audit"],
        typer.Option(
            metavar="ORDER",
            help="error-removed: where a look removes most error; class-coverage: as many of each class; "
            "audit: drawn with known probabilities, for an estimate of how many labels are wrong.",
        ),
    ] = "error-removed",
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of an audit: another seed draws other rows.", show_default="0"),
    ] = None,
    store: At = None,
    config: Config = None,
) -> None:
    """Write the rows of a run whose labels are worth a look, as a page or a file for other tools.

    Give the file with its answers to `review import`. One row in twenty was
    answered before: it tells how far answers are to be believed.
    """
    from labelworks.schemas.config.load import absolute
    from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
    from labelworks.tasks.review.exchange.formats import format_of, write_queue
    from labelworks.tasks.review.pictures import queue_pictures
    from labelworks.tasks.review.queue import review_queue

    form = format_of(to)
    with only_the_result_on_stdout():
        opened = open_judged(*find_run(run, store, config), config)
        ref = judged_ref(opened.artifacts)
        queue = review_queue(
            opened.artifacts, opened.source, rows, by=by, seed=seed, hierarchy=opened.config.dataset.hierarchy
        )
        pictures = queue_pictures(opened.artifacts, opened.source, ref, queue) if form.pictured else {}
        files = write_queue(queue, absolute(to), pictures)
    print("\n".join(files))
    pictured = f", {len(pictures):,} with their image" if pictures or queue.kind == "image" else ""
    say(f"{len(queue.rows):,} rows to look at{pictured}, {form.name}; answers: labelworks review import FILE")
