"""Runs and stages as OpenLineage events: which job, which run of it, and what is known of that."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import attr
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    error_message_run,
    job_type_job,
    parent_run,
    processing_engine_run,
)
from openlineage.client.uuid import generate_new_uuid

from labelworks.schemas.records import RunRecord

PRODUCER = f"pkg:pypi/labelworks@{version('labelworks')}"


@attr.define
class LabelworksRunFacet(RunFacet):
    """What is known of a run beside OpenLineage's own words; figures are None until they are known."""

    runId: str = attr.field()
    dataset: str = attr.field()
    status: str | None = attr.field(default=None)
    version: int | None = attr.field(default=None)
    report: str | None = attr.field(default=None)
    noiseRate: float | None = attr.field(default=None)
    flagged: int | None = attr.field(default=None)
    relabelled: int | None = attr.field(default=None)
    accuracyGained: float | None = attr.field(default=None)


@attr.define
class PrefectRunFacet(RunFacet):
    """The flow run of Prefect in which a run or a stage works."""

    flowRunId: str = attr.field()
    flowRunName: str = attr.field()


class Execution:
    """One execution of a job, from its START to its end.

    parent: the execution that it is a part of; None: one that OPENLINEAGE_PARENT_ID names, if any.
    """

    def __init__(self, name: str, kind: str, parent: Execution | None = None) -> None:
        self.id = str(generate_new_uuid())
        self.name = name
        self._kind, self._parent = kind, parent
        own = os.environ.get("OPENLINEAGE_NAMESPACE", "labelworks")
        self.namespace: str = parent.namespace if parent else own

    def part(self, name: str, kind: str) -> Execution:
        """A new execution of a part of the job."""
        return Execution(f"{self.name}.{name}", kind, self)

    def event(
        self,
        state: str,
        facets: dict[str, RunFacet],
        inputs: list[InputDataset],
        outputs: list[OutputDataset] | None = None,
    ) -> RunEvent:
        """An event of it. state: START, COMPLETE, FAIL or ABORT."""
        above = {"parent": self._parent_facet()} if self._parent or _given_parent() else {}
        about = job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="LABELWORKS", jobType=self._kind, producer=PRODUCER
        )
        job_facets: dict[str, JobFacet] = {"jobType": about}
        return RunEvent(
            eventTime=datetime.now(UTC).isoformat(timespec="milliseconds"),
            eventType=RunState(state),
            producer=PRODUCER,
            run=Run(self.id, facets={**_engine(), **above, **facets}),
            job=Job(self.namespace, self.name, facets=job_facets),
            inputs=inputs,
            outputs=outputs or [],
        )

    def _parent_facet(self) -> RunFacet:
        if self._parent is None:
            namespace, name, run = _given_parent()
        else:
            namespace, name, run = self._parent.namespace, self._parent.name, self._parent.id
        return parent_run.ParentRunFacet(
            run=parent_run.Run(run), job=parent_run.Job(namespace, name), producer=PRODUCER
        )


def _given_parent() -> list[str]:
    """Namespace, job and run of OPENLINEAGE_PARENT_ID, as schedulers set it; empty where it isn't three."""
    parts = os.environ.get("OPENLINEAGE_PARENT_ID", "").split("/")
    return parts if len(parts) == 3 else []


def _engine() -> dict[str, RunFacet]:
    facet = processing_engine_run.ProcessingEngineRunFacet(
        version=version("labelworks"), name="labelworks", producer=PRODUCER
    )
    return {"processing_engine": facet}


def prefect_facet(flow_run: Any) -> dict[str, RunFacet]:
    """The flow run of Prefect that works here; empty if none does."""
    if flow_run is None:
        return {}
    return {"prefect": PrefectRunFacet(str(flow_run.id), flow_run.name, producer=PRODUCER)}


def labelworks_facet(run_id: str, dataset: str, record: RunRecord | None = None) -> dict[str, RunFacet]:
    """What is known of a run: who it is, and once it has ended its figures."""
    if record is None:
        return {"labelworks": LabelworksRunFacet(run_id, dataset, producer=PRODUCER)}
    noise, done, proof = record.noise, record.treatment, record.validation
    facet = LabelworksRunFacet(
        run_id, dataset, record.status, record.version, record.report,
        noise.rate if noise else None, noise.flagged if noise else None,
        done.relabelled if done else None, proof.difference if proof else None, producer=PRODUCER,
    )  # fmt: skip
    return {"labelworks": facet}


def error_facet(message: str) -> dict[str, RunFacet]:
    """Why it failed, in words."""
    return {"errorMessage": error_message_run.ErrorMessageRunFacet(message, "python", producer=PRODUCER)}
