"""What the pipeline tells the world: events that people's automations hang on. Never a reason to fail."""

from __future__ import annotations

from collections.abc import Iterator

from labelworks.schemas.errors import LabelworksError
from labelworks.schemas.events import (
    GateFailed,
    NoiseRose,
    PerformanceEstimated,
    ReviewNeeded,
    ShiftDetected,
    Told,
    VersionPublished,
    resource_id,
)
from labelworks.schemas.findings import NoiseFindings
from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.catalog.served_page import served_page
from labelworks.tasks.execution.engine import in_flow, run_logger
from labelworks.tasks.report.texts.steps import review_command
from labelworks.tasks.storage.versions import read_version


def announce(artifacts: Artifacts, record: RunRecord) -> RunRecord:
    """Emit what a run found, where a flow runs, and give its record back."""
    from prefect.events import emit_event

    if not in_flow():
        return record
    resource = {"prefect.resource.id": resource_id(record.dataset), "prefect.resource.name": record.dataset}
    try:
        for event in told_of(record, _before(artifacts, record), review_page(artifacts, record)):
            emit_event(event.event, resource=resource, payload=event.model_dump(mode="json"))
    except Exception as error:  # the version is out, or nothing is: an event changes neither
        _warn(f"not all events of run {record.run_id} were emitted", error)
    return record


def told_of(record: RunRecord, before: RunRecord | None = None, page: str = "") -> Iterator[Told]:
    """The events of a run. before: the record of the version before it; page: where people look at rows."""
    names = {"dataset": record.dataset, "run_id": record.run_id}
    if record.status == "refused":
        yield from _refusal(record)
    if (moved := record.shift) and moved.kind not in (None, "neither"):
        yield ShiftDetected(
            **names,
            kind=moved.kind,
            advice=moved.advice,
            total_variation=moved.total_variation,
            drift_p_value=moved.drift.p_value,
        )
    if model := record.performance:
        yield PerformanceEstimated(
            **names,
            model=model.model,
            accuracy=model.accuracy.value,
            accuracy_interval=(model.accuracy.low, model.accuracy.high),
            macro_f1=model.macro_f1.value,
            rows=model.rows,
            note=model.note,
        )
    done = record.treatment
    if record.status == "waiting":
        rows = done.relabel if done else 0
        yield _review(record, rows, page)
    if record.version is None or record.noise is None:
        return
    if before and before.version is not None and before.noise and rose(record.noise, before.noise):
        yield NoiseRose(
            **names,
            rate=record.noise.rate,
            rate_interval=record.noise.rate_interval,
            rate_before=before.noise.rate,
            version_before=before.version,
        )
    yield VersionPublished(
        **names,
        version=record.version,
        rows=record.rows,
        relabelled=done.relabelled if done else 0,
        noise_rate=record.noise.rate,
        report=record.report,
        carries=record.validation.published if record.validation else "given",
        why_given=record.validation.why_given if record.validation else "",
    )
    if done and done.review:
        yield _review(record, done.review, page)


def rose(now: NoiseFindings, before: NoiseFindings) -> bool:
    """Whether the noise rate lies above that of the run before: their intervals don't meet."""
    low, high = now.rate_interval[0], before.rate_interval[1]
    return low is not None and high is not None and low > high


def _review(record: RunRecord, rows: int, page: str) -> ReviewNeeded:
    return ReviewNeeded(
        dataset=record.dataset,
        run_id=record.run_id,
        version=record.version,
        rows=rows,
        report=record.report,
        command=review_command(record),
        link=page,
    )


def _refusal(record: RunRecord) -> Iterator[GateFailed]:
    for gate in record.gates.values():
        if not gate.ok:
            checks = tuple(
                f"{check.name}: {check.observed}, expected {check.expected}" for check in gate.failed
            )
            yield GateFailed(
                dataset=record.dataset,
                run_id=record.run_id,
                stage=gate.stage,
                checks=checks,
                report=record.report,
            )


def review_page(artifacts: Artifacts, record: RunRecord) -> str:
    """Where people look at rows, as the config says, or at a page that is being served; empty: nowhere."""
    named = record.config.get("review", {}).get("url")
    if named:
        return str(named).replace("{dataset}", record.dataset).replace("{run}", record.run_id)
    try:
        return served_page(artifacts.store, record.dataset)
    except (LabelworksError, ValueError, KeyError) as error:  # it is told without a link
        _warn("where people look at rows is not known", error)
        return ""


def _before(artifacts: Artifacts, record: RunRecord) -> RunRecord | None:
    """The record of the version before this one's, if there is one that can be read."""
    if record.version is None or record.version < 2:
        return None
    number = record.version - 1
    try:
        store = artifacts.store
        before = store.read_json(read_version(store, artifacts.dataset, number)["manifest"])
        return RunRecord.model_validate({**before, "version": number})
    except (LabelworksError, ValueError, KeyError) as error:  # it is told without a comparison
        _warn(f"version {record.version} can't be compared with the one before", error)
        return None


def _warn(what: str, error: Exception) -> None:
    run_logger().warning("%s: %s: %s", what, type(error).__name__, error)
