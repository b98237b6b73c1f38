"""When a run asks a person before it publishes: many changes, or a verdict that is unsure."""

from typing import Any

import pytest

from labelworks.flows.approval.questions import reasons_to_ask
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.findings import (
    TreatEvidence,
    TreatFigures,
    TreatmentFindings,
    ValidateFigures,
    ValidationFindings,
)
from labelworks.schemas.records import Check, DatasetRef, GateResult
from labelworks.schemas.stage_results import TreatResult, ValidateResult
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store

REF = DatasetRef(run_id="r", dataset="x", uri="x/runs/r")
UNSURE = Check(
    name="proven_not_worse", ok=False, severity="warning", expected="at least 0", observed="-0.01 to 0.03"
)


def run(store: Any, over: float | None) -> Run:
    dataset = {"name": "x", "source": "data", "label": "l", "features": {"text": "t"}}
    config = RunConfig.model_validate({"dataset": dataset, "treat": {"approve_over": over}})
    return Run.of(config, Store(str(store), {}), "r")


def proof(*checks: Check) -> ValidateResult:
    found = ValidationFindings(
        accuracy_raw=0.8, accuracy_treated=0.8, difference=0.0, interval=(-0.01, 0.03), holdout_rows=100,
        measured_against="given labels",
    )  # fmt: skip
    gate = GateResult(stage="validate", ok=True, checks=checks)
    return ValidateResult(ref=REF, figures=ValidateFigures(validation=found), gate=gate)


def treated(share: float) -> TreatResult:
    changed = round(1000 * share)
    done = TreatmentFindings(
        mode="both", keep=1000 - changed, relabel=changed, review=0, relabelled=changed, changed_share=share,
        effective_sample_share=1.0,
    )  # fmt: skip
    figures = TreatFigures(
        rows=1000, treatment=done, evidence=TreatEvidence(actions=(), before=(1000,), after=(1000,))
    )
    return TreatResult(ref=REF, figures=figures, gate=GateResult(stage="treat", ok=True, checks=()))


@pytest.mark.parametrize(("over", "asks"), [(0.05, True), (None, False)])
def test_an_unsure_verdict_asks_however_few_labels_change(
    tmp_path: Any, over: float | None, asks: bool
) -> None:
    reasons = reasons_to_ask(run(tmp_path, over), treated(0.001), proof(UNSURE))
    wanted = "the verdict is unsure: proven_not_worse is -0.01 to 0.03, expected at least 0"
    assert reasons == ((wanted,) if asks else ())


def test_a_sure_verdict_asks_for_many_changes_only(tmp_path: Any) -> None:
    sure = proof(UNSURE.model_copy(update={"ok": True}))
    assert reasons_to_ask(run(tmp_path, 0.05), treated(0.05), sure) == ()
    (reason,) = reasons_to_ask(run(tmp_path, 0.05), treated(0.2), sure)
    assert reason.startswith("200 labels would change, 20.0 % of all")


def test_both_are_told_the_changes_first(tmp_path: Any) -> None:
    reasons = reasons_to_ask(run(tmp_path, 0.05), treated(0.2), proof(UNSURE))
    assert [reason.split()[0] for reason in reasons] == ["200", "the"]
