"""Which events a run leads to, and that they are what their schemas say."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from labelworks.flows.events import review_page, told_of
from labelworks.schemas.events import EMITTED, DatasetChanged, Told
from labelworks.schemas.records import Check, GateResult, RunRecord
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.catalog.heartbeat import DEAD
from labelworks.tasks.catalog.served_page import page_served
from labelworks.tasks.storage.store import Store

NOISE = {"method": "m", "rate": 0.2, "rate_interval": [0.18, 0.22], "flagged": 2, "flagged_share": 0.2}
SHIFT = {
    "method": "m", "kind": "label", "advice": "reweight", "total_variation": 0.3, "drift": {"p_value": 0.001},
    "prior": [], "source_prior": [], "weights": [], "interval": [],
}  # fmt: skip
DONE = {
    "mode": "both", "keep": 7, "relabel": 3, "relabelled": 3, "review": 0, "changed_share": 0.3,
    "effective_sample_share": 1.0,
}  # fmt: skip


def record(**more: Any) -> RunRecord:
    plain: dict[str, Any] = {
        "run_id": "r", "status": "published", "dataset": "x", "version": 2, "rows": 10, "work": {},
        "noise": NOISE, "treatment": DONE,
        "gates": {}, "report": "report.html", "timings": {},
    }  # fmt: skip
    return RunRecord.model_validate({**plain, **more})


def told(*records: RunRecord) -> list[str]:
    return [each.event.removeprefix("labelworks.") for each in told_of(*records)]


def test_a_version_is_told() -> None:
    (event,) = told_of(record())
    assert event.model_dump() == {
        "dataset": "x", "run_id": "r", "version": 2, "rows": 10, "relabelled": 3, "noise_rate": 0.2,
        "report": "report.html", "carries": "given", "why_given": "",
    }  # fmt: skip


def test_shift_and_review_are_told_where_there_are_any() -> None:
    assert told(record(shift=SHIFT)) == ["shift.detected", "version.published"]
    assert told(record(shift={**SHIFT, "kind": "neither"})) == ["version.published"]
    asked = record(treatment={**DONE, "review": 4}, config={"store": {"root": "s3://a b"}})
    assert told(asked) == ["version.published", "review.needed"]
    assert [*told_of(asked)][-1].model_dump()["command"] == "labelworks review export r --store 's3://a b'"


def test_a_review_is_told_with_the_page_where_rows_are_looked_at(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    artifacts = Artifacts(store, "x@2026-01", "r")
    asked = record(dataset="x@2026-01", treatment={**DONE, "review": 4})

    def link(made: RunRecord) -> str:
        return str([*told_of(made, None, review_page(artifacts, made))][-1].model_dump()["link"])

    assert link(asked) == ""
    with page_served(store, "x", "http://127.0.0.1:9/"):
        assert link(asked) == "http://127.0.0.1:9/"
        named = {"review": {"url": "https://review.example/{dataset}/{run}"}}
        assert link(asked.model_copy(update={"config": named})) == "https://review.example/x@2026-01/r"
        sign = store.read_json("x/review-page.json")
        store.write_json("x/review-page.json", {**sign, "host": "elsewhere"})
        assert link(asked) == ""  # on loopback of another machine
        store.write("x/review-page.json", b"{")
        assert link(asked) == ""
    store.write_json("x/review-page.json", sign)
    long_ago = time.time() - 2 * DEAD
    os.utime(tmp_path / "x/review-page.json", (long_ago, long_ago))
    assert link(asked) == ""  # it was killed


@pytest.mark.parametrize(("high", "rises"), [(0.17, True), (0.19, False), (0.5, False)])
def test_noise_rose_if_the_intervals_do_not_meet(high: float, rises: bool) -> None:
    before = record(version=1, noise={**NOISE, "rate": 0.1, "rate_interval": [0.05, high]})
    assert ("noise.rose" in told(record(), before)) is rises


def test_a_refusal_names_the_checks_and_publishes_nothing() -> None:
    check = Check(name="too_noisy", ok=False, severity="error", expected="at most 0.1", observed="0.2")
    gates = {"detect": GateResult(stage="detect", ok=False, checks=(check,))}
    (event,) = told_of(record(status="refused", version=None, gates=gates))
    assert event.model_dump(mode="json") == {
        "dataset": "x", "run_id": "r", "stage": "detect", "report": "report.html",
        "checks": ["too_noisy: 0.2, expected at most 0.1"],
    }  # fmt: skip


def test_every_event_has_a_name_of_its_own() -> None:
    kinds: tuple[type[Told] | type[DatasetChanged], ...] = (*EMITTED, DatasetChanged)
    names = [kind.event for kind in kinds]
    assert len(set(names)) == 7
    assert all(name.startswith("labelworks.") for name in names)
    assert all(kind.model_json_schema()["additionalProperties"] is False for kind in kinds)
