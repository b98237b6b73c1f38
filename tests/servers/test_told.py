"""Events that the pipeline emits, read back from a server, and what the automations make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect import flow
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.utilities.user_templates import render_user_template_sync

from labelworks.flows.events import announce
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.events import EMITTED
from labelworks.schemas.records import Check, GateResult, RunRecord
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("prefect_api")
ROOT = Path(__file__).parents[2]
KINDS = {kind.event: kind for kind in EMITTED}
SHIFT = {
    "method": "m", "kind": "label", "advice": "reweight", "total_variation": 0.3, "drift": {"p_value": 0.001},
    "prior": [], "source_prior": [], "weights": [], "interval": [],
}  # fmt: skip
NOISE = {"method": "m", "rate": 0.2, "rate_interval": [0.18, 0.22], "flagged": 2, "flagged_share": 0.2}
DONE = {
    "mode": "both", "keep": 3, "relabel": 3, "relabelled": 3, "review": 4, "changed_share": 0.3,
    "effective_sample_share": 1.0,
}  # fmt: skip
GATE = GateResult(
    stage="detect",
    ok=False,
    checks=(Check(name="too_noisy", ok=False, severity="error", expected="at most 0.1", observed="0.2"),),
)


def record(dataset: str, **more: Any) -> RunRecord:
    plain: dict[str, Any] = {
        "run_id": "r2", "status": "published", "dataset": dataset, "version": 2, "rows": 10, "work": {},
        "noise": NOISE, "shift": SHIFT, "treatment": DONE, "gates": {}, "report": "report.html",
        "timings": {},
    }  # fmt: skip
    return RunRecord.model_validate({**plain, **more})


def run_of(folder: Path, dataset: str) -> Artifacts:
    raw = {"name": dataset, "source": "data", "label": "l", "features": {"text": "t"}}
    return Run.of(RunConfig.model_validate({"dataset": raw}), Store(str(folder), {}), "r2").artifacts


@flow
def announcing(folder: str, dataset: str, plain: dict[str, Any]) -> RunRecord:
    return announce(run_of(Path(folder), dataset), RunRecord.model_validate(plain))


def announced(folder: Path, made: RunRecord) -> RunRecord:
    found: RunRecord = announcing(str(folder), made.dataset, made.model_dump(mode="json"))
    return found


def seen(api: str, dataset: str, count: int) -> dict[str, dict[str, Any]]:
    """Events of a dataset on the server, by name; waits until there are so many."""
    body = {"filter": {"resource": {"id": [f"labelworks.dataset.{dataset}"]}}, "limit": 50}

    def found() -> list[dict[str, Any]]:
        return list(httpx.post(f"{api}/events/filter", json=body, timeout=30).json()["events"])

    wait_for(lambda: len(found()) >= count, 60, about=f"{count} events")
    return {each["event"]: each for each in found()}


def test_what_a_version_leads_to_is_seen_on_the_server(prefect_api: str, tmp_path: Path) -> None:
    before = record(
        "told", run_id="r1", version=None, noise={**NOISE, "rate": 0.1, "rate_interval": [0.08, 0.12]}
    )
    store = Store(str(tmp_path), {})
    store.write_json("told/runs/r1/manifest.json", before.model_dump(mode="json"))
    store.write_json("told/versions/1.json", {"run_id": "r1", "manifest": "told/runs/r1/manifest.json"})
    announced(tmp_path, record("told"))
    found = seen(prefect_api, "told", 4)
    assert {name.removeprefix("labelworks.") for name in found} == {
        "noise.rose", "shift.detected", "version.published", "review.needed",
    }  # fmt: skip
    for name, event in found.items():
        assert KINDS[name].model_validate(event["payload"]).run_id == "r2"
    assert found["labelworks.noise.rose"]["payload"]["rate_before"] == 0.1
    assert found["labelworks.shift.detected"]["payload"]["advice"] == "reweight"
    assert found["labelworks.review.needed"]["payload"]["rows"] == 4


def test_a_version_that_can_not_be_compared_is_told_all_the_same(
    prefect_api: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = record("alone")  # its store has no version 1
    assert announced(tmp_path, made) == made
    found = seen(prefect_api, "alone", 3)
    assert "labelworks.version.published" in found
    assert "labelworks.noise.rose" not in found
    assert "version 2 can't be compared with the one before: StoreError" in caplog.text


def test_the_automations_say_what_they_should_of_such_events(prefect_api: str, tmp_path: Path) -> None:
    announced(
        tmp_path, record("rendered", status="refused", version=None, gates={"detect": GATE}, shift=None)
    )
    announced(tmp_path, record("rendered", shift=None))
    found = seen(prefect_api, "rendered", 3)
    texts = {}
    for each in yaml.safe_load((ROOT / "infra/automations.yaml").read_text())["automations"]:
        (name,) = each["trigger"]["expect"]
        (action,) = each["actions"]
        words = {key: action[key] for key in ("subject", "body") if key in action} | action.get(
            "parameters", {}
        )
        texts[each["name"]] = {
            key: render_user_template_sync(text, {"event": ReceivedEvent.model_validate(found[name])})
            for key, text in words.items()
        }
    assert texts["A gate refused a run"] == {
        "subject": "rendered: the gate after detect refused",
        "body": "- too_noisy: 0.2, expected at most 0.1\n\nNothing was published. Report: report.html",
    }
    assert texts["Rows wait for a person"] == {
        "subject": "rendered: 4 rows to look at",
        "body": "labelworks review export r2 --store labelworks-store",
    }
    assert texts["A new version, train on it"] == {"dataset": "rendered", "version": "2"}
