"""What a command prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.schemas.errors import StoreError
from labelworks.schemas.secrets.redact import redact

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console, RenderableType

    from labelworks.schemas.records import RunRecord

Junit = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Write what the gates found as JUnit XML, for CI systems."),
]
PIPE_WIDTH = 1000


@contextmanager
def only_the_result_on_stdout() -> Iterator[None]:
    """Send to stderr what this process, its libraries and the processes it starts print in this block."""
    sys.stdout.flush()
    printed, kept = sys.stdout, os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        printed.flush()
        os.dup2(kept, 1)
        os.close(kept)


def plain(record: BaseModel) -> dict[str, Any]:
    """A record as plain JSON values; NaN and infinity become null."""
    return dict(json.loads(record.model_dump_json()))


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def write_junit(file: Path, records: Sequence[RunRecord]) -> None:
    """Write what the gates of some runs found as JUnit XML."""
    from labelworks.tasks.report.junit import junit

    write_file(file, junit(records).encode())


def print_rich(*parts: RenderableType, error: bool = False) -> None:
    """Print tables and text for people on stdout, or on stderr.

    In a pipe no line is wrapped to a terminal's width, and none is padded.
    """
    screen = console(error=error)
    for part in parts:
        if screen.file.isatty():
            screen.print(part)
            continue
        with screen.capture() as printed:
            screen.print(part)
        typer.echo("\n".join(line.rstrip() for line in printed.get().splitlines()), err=error)


def console(*, error: bool = False) -> Console:
    """The console of stdout, or of stderr."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(width=None if stream.isatty() else PIPE_WIDTH, highlight=False, stderr=error)


def say(text: str) -> None:
    """Print a line for people on stderr."""
    print(redact(text), file=sys.stderr, flush=True)


def write_file(out: Path, data: bytes) -> None:
    """Write a local file that a command was asked for, and its folder; StoreError where it can't be."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(data)
    except OSError as error:
        raise StoreError(f"can't be written: {error.strerror}", where=str(out)) from error
