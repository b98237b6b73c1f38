"""Runs that were refused for their input: what the history says of them, and when it doesn't any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.catalog import history
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store


@pytest.fixture
def run(tmp_path: Path) -> Artifacts:
    dataset = {"name": "d", "source": "data", "label": "label", "features": {"text": "text"}}
    config = RunConfig.model_validate({"dataset": dataset, "store": {"root": str(tmp_path)}})
    return Run.of(config, Store(str(tmp_path)), "one").artifacts


def test_a_run_that_was_refused_is_until_it_is_begun_again(run: Artifacts) -> None:
    history.begun(run)
    history.note_unusable(run, InputError("row 7 is no JSON", where="a.jsonl", fix="mend it"))
    (refused,) = history.runs(run.store)
    assert (refused.status, refused.why) == ("refused", "a.jsonl: row 7 is no JSON\n  mend it")
    with pytest.raises(InputError, match="the run is refused: it has no figures") as said:
        history.ended(run.store, "d", "one")
    assert said.value.fix == "mend its input and run it again"
    ended: dict[str, history.Entry] = {}
    assert history.entries(run.store, ended)["d"] == [refused]
    history.begun(run)
    for (again,) in (history.runs(run.store), history.entries(run.store, ended)["d"]):
        assert (again.status, again.why) == ("unfinished", "")


def test_what_was_refused_by_a_look_at_its_input_is_no_run(run: Artifacts) -> None:
    (Path(run.store.root) / run.folder / "alive").mkdir(parents=True)
    assert history.runs(run.store) == []
