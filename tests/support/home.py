"""The folder of a test run: made by the process that was started, used by its workers, removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER, OWNER = "LABELWORKS_TESTS_HOME", "LABELWORKS_TESTS_PID"


def home() -> Path:
    """The folder of this test run."""
    if FOLDER not in os.environ:
        os.environ |= {FOLDER: tempfile.mkdtemp(prefix="labelworks-tests-"), OWNER: str(os.getpid())}
    return Path(os.environ[FOLDER])


def owner() -> int:
    """The process that the test run ends with."""
    return int(os.environ[OWNER])


def remove_home() -> None:
    """Leave nothing behind, once the process that made the folder is through."""
    if owner() == os.getpid():
        shutil.rmtree(home(), ignore_errors=True)
