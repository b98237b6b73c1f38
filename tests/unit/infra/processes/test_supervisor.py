"""Processes of one tree: they start again, and none outlives its parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from labelworks.infra.processes.supervisor import FIRST_PAUSE, LONGEST_PAUSE, Process, Supervisor
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[4]
CHILD = "\n".join(
    [
        "import os, signal, sys",
        "from labelworks.infra.processes.supervisor import end_with",
        "end_with(int(sys.argv[1]))",
        "signal.pause()",
    ]
)
PARENT = """
import os, signal
from labelworks.infra.processes.supervisor import Process, Supervisor
family = Supervisor(print)
print(family.add(Process("child", "child", [str(os.getpid())])).process.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    return tmp_path


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_killed_member_is_started_again_and_all_end_in_the_end(modules: Path) -> None:
    said: list[str] = []
    family = Supervisor(said.append)
    member = family.add(Process("child", "child", [str(os.getpid())]))
    keeper = threading.Thread(target=family.keep)
    keeper.start()
    assert member.process is not None
    first = member.process
    os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: member.process is not first, 30)
    family.over.set()
    keeper.join()
    second = member.process
    assert second is not None
    assert second.pid != first.pid
    family.stop()
    assert (alive(first.pid), alive(second.pid)) == (False, False)
    assert said == ["child ended (-9), starting it again"]


def test_a_member_that_dies_at_once_is_started_ever_less_often(modules: Path) -> None:
    (modules / "child.py").write_text("")
    member = Process("child", "child", [])
    member.start()
    pauses = []
    for _ in range(9):
        assert member.process is not None
        member.process.wait()
        member.due()
        pauses.append(member.pause)
        member.started = time.monotonic() - member.pause
        assert member.due()
        member.pause = min(2 * member.pause, LONGEST_PAUSE)
        member.started = time.monotonic()
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)


def test_children_end_when_their_parent_is_killed(modules: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not alive(child), 30)
