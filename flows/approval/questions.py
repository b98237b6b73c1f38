"""Approval: what a run asks a person before it publishes, and what becomes of the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from labelworks.infra.secrets import storage_secrets
from labelworks.schemas.approval import ApprovalQuestion, Decision
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.percentages import percent
from labelworks.schemas.records import RunRecord
from labelworks.schemas.stage_results import StageResult, TreatResult
from labelworks.tasks.artifacts.approvals import ask, read_decision, standing, waiting_flow_run
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store


def reasons_to_ask(run: Run, treated: TreatResult, proof: StageResult) -> tuple[str, ...]:
    """Why a person has to look before the run publishes; empty if nobody has to, or somebody did."""
    over = run.config.treat.approve_over
    if over is None or read_decision(run.artifacts.store, run.artifacts.folder) is not None:
        return ()
    done = treated.figures.treatment
    reasons = [
        f"the verdict is unsure: {check.name} is {check.observed}, expected {check.expected}"
        for check in proof.gate.warned
    ]
    if done.changed_share is not None and done.changed_share > over:
        changes = f"{done.relabel:,} labels would change, {percent(done.changed_share)} of all"
        reasons.insert(0, f"{changes}; asked above {percent(over)}")
    return tuple(reasons)


def wait(run: Run, record: RunRecord, reasons: tuple[str, ...]) -> RunRecord:
    """Keep the question in the run's folder; nothing is published until it is answered."""
    asked = datetime.now(UTC)
    deadline = asked + timedelta(seconds=run.config.treat.approve_within)
    question = ask(
        run.artifacts, ApprovalQuestion(why=reasons, record=record, asked=asked, deadline=deadline)
    )
    answered = standing(run.artifacts)
    return answered[1] if answered else question.record


def resume(question: ApprovalQuestion, store: Store, decision: Decision) -> bool:
    """Answer in Prefect, if a flow run waits there; False if the answer is to be kept by the caller."""
    record = question.record
    flow_run = waiting_flow_run(store, f"{record.dataset}/runs/{record.run_id}")
    if not flow_run:
        return False
    from prefect.settings import PREFECT_API_URL

    from labelworks.flows.approval import suspend

    return bool(PREFECT_API_URL.value()) and suspend.resume(flow_run, decision)


def same_source(question: ApprovalQuestion) -> RunConfig:
    """The config of the run that asked; raise InputError if its source is no longer what it was."""
    config = RunConfig.model_validate(question.record.config)
    run, _ = plan_run(config, storage_secrets(config.store))
    if run.artifacts.id != question.record.run_id:
        raise InputError(
            f"source, config, code or what is decided is not what it was: now it is run {run.artifacts.id}",
            where=config.dataset.place("source"),
            fix="run the config again; it asks again if it has to",
        )
    return config
