"""What steps and workers get of a run: names that stay, and no config."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import Partition
from labelworks.tasks.planning import values
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store

CANARY = "cAnArY-of-a-secret"
DATASET = {
    "name": "d", "source": "data/{window}", "window": "2026-01", "label": "y", "id": "key", "time": "at",
    "features": {"text": "t"}, "csv": {"delimiter": ";"},
}  # fmt: skip
VOTES = {name: value for name, value in DATASET.items() if name != "label"} | {"votes": {"source": "v"}}


def run_of(**sections: Any) -> Run:
    return Run.of(RunConfig.model_validate(sections), Store("s"), "r", {"secret": CANARY})


@pytest.mark.parametrize(
    ("dataset", "source", "target"),
    [
        (DATASET, "a1346da74f66", "90e7b8fc13ce"),
        (VOTES, "6e7c58bdef23", "90e7b8fc13ce"),
        (DATASET | {"pred_probs": "p", "classes": ["a", "b"]}, "96fe3a48488b", "788e8a47ed04"),
    ],
)
def test_what_was_kept_before_is_found_under_its_name(
    dataset: dict[str, Any], source: str, target: str
) -> None:
    artifacts = run_of(dataset=dataset).artifacts
    names = [
        artifacts.index(kind, Partition(key="p", window=window, pieces=()))
        for kind, window in (("string", "source"), ("int", "target"))
    ]
    assert names == [f"d@2026-01/index/{key}/p.parquet" for key in (source, target)]
    assert artifacts.embeddings("e") == "d/embeddings/e"  # windows share it
    assert artifacts.folder == "d@2026-01/runs/r"


@pytest.mark.parametrize("dataset", [DATASET, VOTES])
def test_workers_are_sent_no_config_and_a_run_shows_no_secret(dataset: dict[str, Any]) -> None:
    run = run_of(dataset=dataset)
    config, given = run.config, (run.artifacts, run.source)
    made = (
        values.pass_options(config), values.judge_options(config.detect), values.shift_options(config.detect),
        values.policy_of(config.treat), values.proof_options(config), values.votes_of(config.dataset),
    )  # fmt: skip
    sent = pickle.dumps((given, made))
    assert b"schemas.config" not in sent
    assert pickle.loads(sent) == (given, made)
    assert b"schemas.config" in pickle.dumps(run)
    assert CANARY not in repr(run) and run.source.options["secret"] == CANARY


def test_a_budget_has_places_of_its_own() -> None:
    run = run_of(dataset=DATASET)
    lowered = run.with_budget(3)
    assert (lowered.artifacts.budget, lowered.config) == (3, run.config)
    assert lowered.artifacts.file("treat", "x") == "d@2026-01/runs/r/treat-budget-3/x"
    assert lowered.artifacts.file("detect", "x") == run.artifacts.file("detect", "x")


def test_the_source_is_addressed_by_window() -> None:
    run = run_of(dataset=DATASET | {"target": "new/{window}"})
    assert run.source.places == {"source": "data/2026-01", "target": "new/2026-01"}
    assert run.source.columns.time_window is None  # the address decides
    assert (run.source.read_as.delimiter, run.source.timed) == (";", True)
