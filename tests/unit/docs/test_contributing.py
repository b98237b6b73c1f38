"""CONTRIBUTING.md, the changelog and the hooks are true: what they name is there, and works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
MADE = {"dist", "build/site"}  # by the commands of the page


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_files_and_folders_that_it_names_are_there() -> None:
    named = {each.rstrip("/") for each in re.findall(r"`([\w.]+(?:/[\w.]+)*/?)`", PAGE) if "/" in each}
    assert len(named) >= 8
    assert [each for each in named - MADE if not (ROOT / each).exists()] == []
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", PAGE)]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_make_targets_that_it_names_are_there() -> None:
    targets = set(re.findall(r"make ([a-z-]+)", PAGE))
    assert {"lint", "test"} <= targets
    made = (ROOT / "Makefile").read_text()
    assert [target for target in targets if not re.search(rf"^{target}:", made, re.MULTILINE)] == []


def test_every_fragment_is_in_the_changes_that_a_release_would_write() -> None:
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.suffix == ".md"]
    kinds = set(re.findall(r"`(added|changed|fixed|removed)`", PAGE))
    assert {path.name.rsplit(".", 2)[1] for path in fragments} <= kinds
    written = " ".join(run("towncrier", "build", "--draft", "--version", "9.9.9").split())
    assert [path.name for path in fragments if " ".join(path.read_text().split()) not in written] == []


def test_hooks_are_local_and_their_commands_are_those_of_the_linters() -> None:
    run("pre_commit", "validate-config")
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    linters = (ROOT / "Makefile").read_text()
    for hook in repo["hooks"]:
        program = Path(hook["entry"].split()[0]).name
        assert f"$(BIN)/{program}" in linters
