"""`labelworks approve`: a person's answer to a run that asks."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import say
from labelworks.flows.cli.store_option import At, Config, open_store

if TYPE_CHECKING:
    from labelworks.schemas.approval import ApprovalQuestion, Decision
    from labelworks.tasks.storage.store import Store


def approve(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The run's id, or as much of its beginning as is unique.")
    ],
    budget: Annotated[
        int | None, typer.Option(min=0, help="Change at most so many labels, those that are surest.")
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Publish nothing.")] = False,
    store: At = None,
    config: Config = None,
) -> None:
    """Answer a run that waits for approval, and let it go on: approve, lower the budget, or reject.

    Where the run waits in the Prefect UI (PREFECT_API_URL), it goes on there; otherwise here.
    """
    from labelworks.schemas.approval import Decision
    from labelworks.schemas.errors import ConfigError
    from labelworks.tasks.catalog import history

    if reject and budget is not None:
        raise ConfigError(
            "a budget is for what is approved", where="--reject --budget", fix="give one of them"
        )
    opened = open_store(store, config)
    dataset, run_id = history.lookup(opened, run)
    question = _question(opened, f"{dataset}/runs/{run_id}")
    decision = Decision(decision="reject" if reject else "approve", budget=budget, by=getpass.getuser())
    _go_on(opened, question, decision)


def _question(store: Store, folder: str) -> ApprovalQuestion:
    from labelworks.schemas.errors import InputError
    from labelworks.tasks.artifacts.approvals import read_question

    question = read_question(store, folder)
    if question is None:
        raise InputError("the run asks for no approval", where=store.url(folder), fix="see `labelworks runs`")
    if store.exists(f"{folder}/manifest.json"):
        raise InputError("the run is published", where=store.url(folder), fix="see `labelworks rollback`")
    return question


def _go_on(store: Store, question: ApprovalQuestion, decision: Decision) -> None:
    from labelworks.flows.approval.questions import resume, same_source
    from labelworks.flows.cli.commands.run import exit_code, show
    from labelworks.flows.cli.progress import shown
    from labelworks.flows.execute import execute
    from labelworks.tasks.artifacts.approvals import decide

    record = question.record
    folder = f"{record.dataset}/runs/{record.run_id}"
    if resume(question, store, decision):
        say("the run goes on where it waited: see the Prefect UI")
        return
    if decision.decision == "reject":
        decide(store, folder, decision)
        say(f"run {record.run_id} is rejected: nothing is published")
        return
    config = same_source(question)
    decide(store, folder, decision)
    with shown() as progress:
        finished = execute(config, progress=progress)
    show(finished)
    raise typer.Exit(exit_code(finished))
