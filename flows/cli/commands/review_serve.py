"""`labelworks review serve`: the page on which people look at rows."""

from __future__ import annotations

import getpass
from typing import Annotated, Literal

import typer

from labelworks.flows.cli.output import only_the_result_on_stdout, say
from labelworks.flows.cli.store_option import At, Config, open_store

ROWS, LAST_PORT = 500, 65535


def serve(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Its name in the store.")],
    rows: Annotated[int, typer.Option(min=1, help="How many rows are asked about at most.")] = ROWS,
    by: Annotated[
        Literal["error-removed", "class-coverage", "audit"],
        typer.Option(metavar="ORDER", help="As of `review export`."),
    ] = "error-removed",
    design: Annotated[
        Literal["strata", "changes", "disagreements"] | None,
        typer.Option(metavar="DESIGN", help="Of an audit, as of `audit sample`.", show_default="strata"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of an audit: another seed draws other rows.", show_default="0"),
    ] = None,
    annotators: Annotated[
        list[str] | None,
        typer.Option(
            "--annotator", metavar="NAME", help="Who answers; repeat for several. Default: the user."
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(metavar="PORT", min=0, max=LAST_PORT, help="Port on loopback; 0: any that is free."),
    ] = 0,
    store: At = None,
    config: Config = None,
) -> None:
    """Serve the rows of the newest run that are worth a look, to this machine's browsers, until Ctrl-C.

    Prints a link for each NAME. Answers are stored as they are made; the next run hears them. Those to an
    audit's sample count with their probabilities, as with `audit import`; `--rows` is how many are drawn.
    """
    from labelworks.flows.cli.judged_run import open_judged
    from labelworks.flows.served.review.server import serve_review
    from labelworks.infra.processes.serving import listener
    from labelworks.schemas.stage_results import TreatResult
    from labelworks.tasks.catalog.history import known_dataset
    from labelworks.tasks.review.queue import review_queue
    from labelworks.tasks.review.record import newest_judged

    with listener(port=port, option="--port") as listening:
        with only_the_result_on_stdout():
            opened = open_store(store, config)
            artifacts, ref = newest_judged(opened, known_dataset(opened, dataset))
            run = open_judged(opened, artifacts.dataset, artifacts.id, config)
            treated = run.artifacts.result(TreatResult)
            ref = ref if treated is None else treated.ref
            queue = review_queue(
                run.artifacts,
                run.source,
                rows,
                by=by,
                design=design,
                seed=seed,
                hierarchy=run.config.dataset.hierarchy,
            )
        say(f"{len(queue.rows):,} rows of run {queue.run} to look at; Ctrl-C ends it")
        names = list(dict.fromkeys(annotators or [getpass.getuser()]))
        serve_review(
            run.artifacts, run.source, ref, queue, annotators=names, listening=listening, tell=print_link
        )
        say("ended; all answers that were said to be saved are in the store")


def print_link(text: str) -> None:
    """Print a link at once, whoever reads it."""
    print(text, flush=True)
