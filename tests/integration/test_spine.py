"""How far it is from the command to a method, as a traceback shows it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml

from labelworks.tasks.validate import stage

ROOT = Path(__file__).parents[2]
OURS = {ROOT / "labelworks" / folder for folder in ("flows", "tasks", "schemas", "infra")}


def called(frame: FrameType | None) -> list[str]:
    """The functions of this project that led here, the first one first."""
    names = []
    while frame is not None:
        if OURS & {*Path(frame.f_code.co_filename).parents}:
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names[::-1]


def test_about_ten_calls_lie_between_the_command_and_a_method(
    made: Any, write: Any, run_config: Any, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run_config(write(made(rows=120).table))
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json", by_alias=True)))
    seen: list[list[str]] = []
    prove = stage.prove

    def looked_at(*given: Any, **named: Any) -> Any:
        seen.append(called(sys._getframe()))
        return prove(*given, **named)

    monkeypatch.setattr(stage, "prove", looked_at)
    assert command("run", str(tmp_path / "c.yaml"), "--json")[0] == 0
    (calls,) = seen
    assert (calls[0], calls[-1]) == ("main", "validate")
    assert len(calls) <= 10, calls
