"""The audit of packages: a service that isn't reached lets it pass and is said, anything else fails it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
NOBODY = "http://127.0.0.1:9"


def audit(requirements: Path) -> subprocess.CompletedProcess[str]:
    """Run it where no advisory service is reached."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOBODY)
    environment = {**os.environ, **proxies, "NO_PROXY": "", "no_proxy": ""}
    command = [sys.executable, str(ROOT / ".ci/audit"), str(requirements)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_a_network_it_says_that_nothing_was_audited(tmp_path: Path) -> None:
    (tmp_path / "pinned.txt").write_text("packaging==24.0\n")
    done = audit(tmp_path / "pinned.txt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("NOT AUDITED: the advisory service is not reached: ")


def test_what_stops_it_otherwise_fails(tmp_path: Path) -> None:
    (tmp_path / "pinned.txt").write_text("packaging>=24.0\n")  # not pinned: pip-audit takes no such file
    done = audit(tmp_path / "pinned.txt")
    assert (done.returncode, done.stdout) == (1, "NOT AUDITED: pip-audit failed, see above\n")
    assert "packaging" in done.stderr
