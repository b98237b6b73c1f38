"""When a run asks a person before it publishes: many changes, or a verdict that is unsure."""

from typing import Any

import pytest

from labelworks.flows.approval.questions import reasons_to_ask
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import Check, DatasetRef, GateResult, StageResult
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.storage.store import Store

REF = DatasetRef(run_id="r", dataset="x", uri="x/runs/r")
UNSURE = Check(
    name="proven_not_worse", ok=False, severity="warning", expected="at least 0", observed="-0.01 to 0.03"
)


def run(store: Any, over: float | None) -> Run:
    dataset = {"name": "x", "source": "data", "label": "l", "features": {"text": "t"}}
    config = RunConfig.model_validate({"dataset": dataset, "treat": {"approve_over": over}})
    return Run(config, Store(str(store), {}), "r", {})


def result(stage: Any, *checks: Check, **figures: Any) -> StageResult:
    return StageResult(
        stage=stage, ref=REF, figures=figures, gate=GateResult(stage=stage, ok=True, checks=checks)
    )


def treated(share: float) -> StageResult:
    return result("treat", treatment={"changed_share": share, "relabel": round(1000 * share)})


@pytest.mark.parametrize(("over", "asks"), [(0.05, True), (None, False)])
def test_an_unsure_verdict_asks_however_few_labels_change(
    tmp_path: Any, over: float | None, asks: bool
) -> None:
    reasons = reasons_to_ask(run(tmp_path, over), treated(0.001), result("validate", UNSURE))
    wanted = "the verdict is unsure: proven_not_worse is -0.01 to 0.03, expected at least 0"
    assert reasons == ((wanted,) if asks else ())


def test_a_sure_verdict_asks_for_many_changes_only(tmp_path: Any) -> None:
    sure = result("validate", UNSURE.model_copy(update={"ok": True}))
    assert reasons_to_ask(run(tmp_path, 0.05), treated(0.05), sure) == ()
    (reason,) = reasons_to_ask(run(tmp_path, 0.05), treated(0.2), sure)
    assert reason.startswith("200 labels would change, 20.0 % of all")


def test_both_are_told_the_changes_first(tmp_path: Any) -> None:
    reasons = reasons_to_ask(run(tmp_path, 0.05), treated(0.2), result("validate", UNSURE))
    assert [reason.split()[0] for reason in reasons] == ["200", "the"]
