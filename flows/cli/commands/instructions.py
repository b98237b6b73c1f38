"""`labelworks instructions`: what each class is, shown by rows of a run."""

from __future__ import annotations

import typer

from labelworks.flows.cli.output import only_the_result_on_stdout
from labelworks.flows.cli.published_version import open_recorded
from labelworks.flows.cli.store_option import At, Config, RunId, find_run


def instructions(run: RunId = None, store: At = None, config: Config = None) -> None:
    """Print labelling instructions of RUN, or of the newest: for each class typical and borderline rows.

    As Markdown. The rows are those whose label nothing speaks against; what is in them is read.
    """
    with only_the_result_on_stdout():
        text = _written(run, store, config)
    typer.echo(text, nl=False)


def _written(run: str | None, store: str | None, config: str | None) -> str:
    from labelworks.schemas.errors import InputError
    from labelworks.schemas.stage_results import read_ref
    from labelworks.tasks.artifacts.shown.contents import contents
    from labelworks.tasks.catalog import history
    from labelworks.tasks.report.instructions.choose import choose
    from labelworks.tasks.report.instructions.written import markdown

    opened, dataset, run_id = find_run(run, store, config)
    record, name = (
        history.entry(opened, dataset, run_id).record,
        f"{dataset}/runs/{run_id}/detect/result.json",
    )
    if record is None or not opened.exists(name):
        raise InputError(
            "the run has not judged its labels", where=opened.url(name), fix="run its config to its end"
        )
    ref = read_ref(opened.read(name))
    if not ref.one_class:
        raise InputError(
            "instructions by example are for labels of one class", where=f"run {run_id}",
            fix="of several labels a row and of numbers there are none",
        )  # fmt: skip
    made = open_recorded(opened, record, config)
    chosen = choose(made.artifacts, ref)
    places = [example.place for of in chosen for example in (*of.typical, *of.borderline)]
    shown = contents(made.artifacts, made.source, ref, places)
    return markdown(record, chosen, dict(zip(places, shown, strict=True)))
