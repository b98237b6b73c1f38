"""Every example runs as it says, publishes, and finds what was made wrong in its data."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def csv_of_texts(said: str) -> None:
    assert "version 1" in said
    before, after = map(int, re.search(r"wrong labels: (\d+) before, (\d+) after", said).groups())
    assert after < before / 4


def images_in_s3(said: str) -> None:
    assert "version 1" in said
    doubted, hits, wrong = map(
        int, re.search(r"(\d+) images doubted, (\d+) of them among the (\d+)", said).groups()
    )
    assert hits > 0.8 * doubted
    assert hits > 0.7 * wrong


def votes(said: str) -> None:
    plain, published = (float(each) for each in re.findall(r"(?:majority|published labels): ([\d.]+)%", said))
    assert published > plain + 5


def target_window(said: str) -> None:
    rows = re.findall(r"^(\w+) +([\d.]+)% +([\d.]+)% +([\d.]+)% +([\d.]+)$", said, re.MULTILINE)
    assert [row[0] for row in rows] == ["calm", "rain", "storm"]
    for _, labelled, estimated, true, weight in rows:
        assert abs(float(estimated) - float(true)) < 8
        assert (float(weight) > 1.1) == (float(true) > 1.1 * float(labelled))


def notebook_session(said: str) -> None:
    flagged, hits, wrong = map(
        int, re.search(r"flagged: (\d+), of them wrong: (\d+) of (\d+)", said).groups()
    )
    assert hits > 0.8 * flagged
    assert hits > 0.8 * wrong
    assert "<Drift: drift:" in said
    assert float(re.search(r"largest error of a share: ([\d.]+)", said)[1]) < 0.05
    before, after = map(float, re.search(r"right labels: ([\d.]+)% before, ([\d.]+)% after", said).groups())
    assert after > before + 5


def tags_of_tokens(said: str) -> None:
    assert "version 1" in said
    listed, hits = map(int, re.search(r"of (\d+) sentences looked at first (\d+) are wrong", said).groups())
    assert hits > 0.8 * listed
    before, after = map(int, re.search(r"wrong tags: (\d+) before, (\d+) after", said).groups())
    assert after < before / 4


CHECKS: list[Callable[[str], None]] = [
    csv_of_texts, images_in_s3, votes, target_window, notebook_session, tags_of_tokens,
]  # fmt: skip


def test_every_example_is_run_here() -> None:
    assert {f"{check.__name__}.py" for check in CHECKS} == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_example_runs(check: Callable[[str], None], prefect_api: str) -> None:
    command = [sys.executable, str(EXAMPLES / f"{check.__name__}.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    check(done.stdout)
