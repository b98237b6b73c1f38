"""The command line: one command a file in `flows/commands`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from importlib.metadata import version
from typing import Annotated

import typer

from labelworks.flows.cli.commands import (
    approve,
    audit,
    classes,
    compare,
    demo,
    deploy,
    describe,
    doctor,
    export,
    gc,
    init,
    instructions,
    methods,
    metrics,
    report,
    review,
    rollback,
    run,
    runs,
    schema,
    serve,
    show,
    watch,
)
from labelworks.flows.cli.groups import Flowing, group
from labelworks.flows.cli.output import say
from labelworks.infra.processes.signals import Interrupt
from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.secrets.redact import redact

HELP = """Find wrong labels and shifted distributions, treat them, prove it, publish a new version.

Exit codes: 0 published (or done), 2 bad config, option or input,
3 a gate or a person refused the run, 4 the run waits for approval,
1 anything else.

LABELWORKS_DEBUG=1 prints the traceback of an error.
"""
INTERRUPTED = 130
UNEXPECTED = 1

app = typer.Typer(
    name="labelworks",
    help=HELP,
    cls=Flowing,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    run.run,
    runs.runs,
    show.show,
    approve.approve,
    rollback.rollback,
    methods.methods,
    schema.schema,
    metrics.metrics,
    doctor.doctor,
    gc.gc,
    init.init,
    instructions.instructions,
    classes.classes,
    demo.demo,
    serve.serve,
    deploy.deploy,
    watch.watch,
):
    app.command()(_command)
app.add_typer(review.review)
app.add_typer(audit.audit)
exports = group(
    "export",
    "A published version as one file to train on; its card; Croissant.\n\n"
    "`labelworks export --joined FILE` is short for `labelworks export rows --joined FILE`.",
)
exports.command("rows")(export.export)
exports.command()(describe.card)
exports.command()(describe.croissant)
app.add_typer(exports)
reports = group(
    "report",
    "Where the HTML report of a run is, and two runs beside each other.\n\n"
    "`labelworks report --open` is short for `labelworks report show --open`.",
)
reports.command("show")(report.report)
reports.command()(compare.compare)
app.add_typer(reports)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"labelworks {version('labelworks')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options of no command."""


def main() -> None:
    """Run the command of `sys.argv`, and exit with its code."""
    stop, code = Interrupt(), 0
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # it is in a shell's background job
        stop.on(signal.SIGINT)
    try:
        app(prog_name="labelworks")
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else UNEXPECTED if error.code else 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        code = INTERRUPTED if stop.came else _failed(error)
    if code == INTERRUPTED:
        say("labelworks: interrupted; the same command goes on from the last complete part")
    sys.exit(code)


def _failed(error: Exception) -> int:
    """Say one line of whatever went wrong."""
    return _refused(error) if isinstance(error, LabelworksError) else _unexpected(error)


def _refused(error: LabelworksError) -> int:
    if os.environ.get("LABELWORKS_DEBUG"):
        say("".join(traceback.format_exception(error)))
    say(f"labelworks: {error}")
    return error.exit_code


def _unexpected(error: Exception) -> int:
    """Keep the traceback where the line says."""
    line = (str(error).strip() or "no message").splitlines()[0]
    what = f"labelworks: unexpected {type(error).__name__}: {line}"
    if os.environ.get("LABELWORKS_DEBUG"):
        say("".join(traceback.format_exception(error)))
        say(what)
        return UNEXPECTED
    with tempfile.NamedTemporaryFile("w", prefix="labelworks-", suffix=".log", delete=False) as log:
        log.write(redact("".join(traceback.format_exception(error))))
    say(f"{what}\n  the traceback is in {log.name}; LABELWORKS_DEBUG=1 prints it here")
    return UNEXPECTED


if __name__ == "__main__":
    main()
