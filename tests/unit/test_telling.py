"""Lines of several processes on one stderr: none is torn."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
from schemas.telling import tell
for number in range(2000):
    tell("one" * 10, f"said {number}")
"""


def test_lines_of_several_processes_are_whole() -> None:
    read, write = os.pipe()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=write, env=environment) for _ in range(3)
    ]
    os.close(write)
    with open(read) as stream:
        lines = stream.read().splitlines()
    assert [each.wait() for each in programs] == [0, 0, 0]
    assert sorted(lines) == sorted(f"{'one' * 10}: said {number}" for number in range(2000) for _ in range(3))
