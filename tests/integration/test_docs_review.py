"""docs/review.md is true: its code and its commands run, one after the other, on a small dataset."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.stages import run_stages

PAGE = (Path(__file__).parents[2] / "docs/review.md").read_text()


def test_its_code_and_its_commands_run(
    made: Any, write: Any, run_config: Any, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_stages(run_config(write(made().table), store={"root": str(tmp_path / "labelworks-store")}))
    for language, block in re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.S):
        if language == "python":
            exec(block, {})
            continue
        for line in block.splitlines():
            code, out, err = command(*shlex.split(line, comments=True)[1:])
            assert (code, bool(out or err)) == (0, True), err
