"""The same command again, in the background: its own session, its output in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labelworks.infra.processes.state_folder import user_state_folder
from labelworks.schemas.errors import LabelworksError


@dataclass(frozen=True)
class Started:
    """A command in the background, and the files of its output."""

    process: subprocess.Popen[bytes]
    log: Path
    record: Path


def start(name: str, arguments: Sequence[str], *, record: bool = False) -> Started:
    """Start `labelworks ARGUMENTS` in a new session, not bound to this terminal.

    `record`: its stdout, a JSON record, goes to a file of its own. Raises LabelworksError if the folder for
    logs (`$XDG_STATE_HOME/labelworks`, by default in `~/.local/state`) can't be written.
    """
    log = _log_file(name)
    printed = log.with_suffix(".json") if record else log
    with log.open("ab") as errors, printed.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 -- this program, with the arguments it was given
            [sys.executable, "-P", "-m", "labelworks.flows.cli.app", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    return Started(process, log, printed)


def _log_file(name: str) -> Path:
    folder = user_state_folder()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{name}-{stamp}-{os.getpid()}.log"
        log.touch()
    except OSError as error:
        raise LabelworksError(
            f"can't keep the log of a run in the background: {error.strerror}",
            where=str(folder),
            fix="set XDG_STATE_HOME to a folder that can be written",
        ) from error
    return log
