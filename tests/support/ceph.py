"""One monitor, one store in memory and one S3 gateway of Ceph, on loopback, gone when it ends."""

from __future__ import annotations

import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelworks.infra.processes.foreign import listens
from labelworks.infra.processes.serving import LOOPBACK, reserved
from tests.support.waiting import wait_for

PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "monmaptool")
PACKAGES = "radosgw ceph-mon ceph-osd ceph-common"
SECONDS = 90.0  # for each part to come up
MEMORY = 4 << 30
CONF = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}]
mon initial members = a
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
osd objectstore = memstore
memstore device bytes = {memory}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
mon data = {folder}/mon
osd data = {folder}/osd
run dir = {folder}
pid file = {folder}/$name.pid
log file = {folder}/$name.log
crash dir = {folder}
admin socket = {folder}/$name.asok
[client.gateway]
rgw frontends = beast endpoint=127.0.0.1:{port}
"""


def missing() -> list[str]:
    """The programs of Ceph that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@contextmanager
def gateway(folder: Path, key: str, secret: str) -> Iterator[str]:
    """Serve S3 with an empty store to one user, on any free port; yield the address.

    RuntimeError if it doesn't come up.
    """
    with reserved() as port, reserved() as monitor, _Parts(folder, port, monitor) as parts:
        parts.monitor()
        parts.storage()
        parts.admin("user", "create", "--uid=labelworks", "--display-name=labelworks", f"--access-key={key}",
                    f"--secret-key={secret}")  # fmt: skip
        parts.start("radosgw", "--name", "client.gateway")
        parts.wait("the gateway", lambda: listens(parts.running[-1].pid, port))
        yield f"http://{LOOPBACK}:{port}"


@dataclass
class _Parts:
    """The processes, and the folder that all they keep is in."""

    folder: Path
    port: int
    at: int  # the monitor's port

    def __enter__(self) -> _Parts:
        for name in ("mon", "osd"):
            (self.folder / name).mkdir(parents=True)
        self.fsid = str(uuid.uuid4())
        self.conf = self.folder / "ceph.conf"
        self.conf.write_text(
            CONF.format(fsid=self.fsid, monitor=self.at, memory=MEMORY, folder=self.folder, port=self.port)
        )
        self.running: list[subprocess.Popen[bytes]] = []
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.running):
            process.send_signal(signal.SIGKILL)  # nothing of it is to be kept
            process.wait()

    def monitor(self) -> None:
        """Make and start the monitor."""
        map_, at = str(self.folder / "monmap"), f"[v2:{LOOPBACK}:{self.at}]"
        made = ("--create", "--fsid", self.fsid, "--addv", "a", at, "--set-min-mon-release", "pacific")
        self.do("monmaptool", *made, map_, conf=False)
        self.do("ceph-mon", "-i", "a", "--mkfs", "--monmap", map_)
        self.start("ceph-mon", "-i", "a")
        self.wait("the monitor", lambda: (self.says("fsid") or "").strip() == self.fsid)

    def storage(self) -> None:
        """Make and start the one store."""
        number = str(uuid.uuid4())
        self.do("ceph", "osd", "new", number, "0")
        self.do("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", number)
        self.start("ceph-osd", "-i", "0")
        self.wait("the store", lambda: "1 up" in (self.says("osd", "stat") or ""))

    def admin(self, *words: str) -> None:
        """Change something of the gateway, which need not run."""
        self.do("radosgw-admin", "--name", "client.gateway", *words)

    def start(self, program: str, *words: str) -> None:
        """Start a part in the foreground, its output in the folder."""
        with (self.folder / f"{program}.out").open("wb") as out:
            command = [program, "-c", str(self.conf), *words, "-f"]
            self.running.append(subprocess.Popen(command, stdout=out, stderr=out))

    def do(self, program: str, *words: str, conf: bool = True) -> str:
        """Run a program to its end; raise RuntimeError with what it said if it fails."""
        command = [program, *(("-c", str(self.conf)) if conf else ()), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:3])}: {done.stderr.strip()[-500:] or 'failed'}")
        return done.stdout

    def says(self, *words: str) -> str | None:
        """What `ceph` answers, or None."""
        try:
            return self.do("ceph", "--connect-timeout", "5", *words)
        except (RuntimeError, subprocess.TimeoutExpired):
            return None

    def wait(self, what: str, ready: Any) -> None:
        """Wait until a part is up; raise RuntimeError if it ends or takes too long."""
        ended = self.running[-1].poll
        wait_for(lambda: ready() or ended() is not None, SECONDS, about=what)
        if ended() is not None:
            raise RuntimeError(f"{what} doesn't come up: look at the logs in {self.folder}")
