"""The folder of a served pipeline: where it is, and that one command at a time works in it."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from labelworks.infra.processes.state_folder import lock, state_folder, user_state_folder
from labelworks.schemas.errors import LabelworksError


def test_it_lies_where_the_environment_says_or_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert user_state_folder() == tmp_path / ".local/state/labelworks"
    monkeypatch.setenv("XDG_STATE_HOME", "")
    assert user_state_folder() == tmp_path / ".local/state/labelworks"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = state_folder(None, "serve")
    assert folder == tmp_path / "state/labelworks/serve" and (folder / "configs").is_dir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert state_folder(tmp_path / "mine", "watch") == tmp_path / "mine"


def test_one_command_at_a_time_works_in_it(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(LabelworksError, match="works in it") as caught, lock(tmp_path):
        pass
    assert caught.value.where == str(tmp_path)
    with lock(tmp_path):
        pass


def test_a_lock_of_any_other_program_counts(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LabelworksError, match="works in it"), lock(tmp_path):
            pass
