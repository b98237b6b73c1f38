"""docs/exports.md is true: its commands run, one after the other, in this process."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelworks.schemas.config.run import RunConfig
from tests.conftest import merged

PAGE = Path(__file__).parents[2] / "docs/exports.md"


def test_the_commands_of_the_page_run(
    made: Any, write: Any, raw_config: Any, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = raw_config(write(made().table), dataset={"name": "reviews"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.yaml").write_text(yaml.safe_dump({**raw, "store": {"root": "labelworks-store"}}))
    RunConfig.model_validate(merged(raw, yaml.safe_load(_blocks("yaml")[0])))
    for block in _blocks("sh"):
        for line in block.splitlines():
            _run(shlex.split(line, comments=True), command, monkeypatch)
    events = [json.loads(line) for line in Path("lineage.jsonl").read_text().splitlines()]
    assert events[-1]["eventType"] == "COMPLETE"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def _runs() -> list[str]:
    """Ids of the runs in the store, in the order in which they were begun."""
    started = Path("labelworks-store/reviews/runs").glob("*/started.json")
    return [path.parent.name for path in sorted(started, key=lambda path: path.read_text())]


def _run(words: list[str], command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of shell: a variable, or our command, whose output may go to a file."""
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        monkeypatch.setenv(name, value)
        return
    assert words[0] == "labelworks"
    arguments, file = (words[1:-2], words[-1]) if words[-2] == ">" else (words[1:], "")
    names = dict(zip(("BEFORE", "AFTER"), _runs(), strict=False))
    code, out, err = command(*(names.get(word, word) for word in arguments))
    assert code == 0, err
    if file:
        Path(file).write_text(out)
