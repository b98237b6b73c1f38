"""The flow that follows a dataset: look at the source, and curate it if it is not what it was."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from labelworks.flows.approval.suspend import wait_for_answer
from labelworks.flows.curate import curate
from labelworks.infra.cluster.cluster import at_hand
from labelworks.infra.cluster.gpu import place
from labelworks.infra.secrets import storage_secrets
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.events import DatasetChanged
from labelworks.schemas.records import RunRecord
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks.artifacts.approvals import standing, waiting
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.catalog.finished import reinstate
from labelworks.tasks.execution.engine import run_logger
from labelworks.tasks.planning.open_run import find_run, listed_once
from labelworks.tasks.report.texts.verdict import verdict


@flow(name="reprocess", flow_run_name="reprocess {config.dataset.key}", persist_result=False)
def reprocess(config: RunConfig, change: DatasetChanged | None = None) -> State[Any]:
    """Curate the dataset if its source changed since the last run; only what changed is worked on again.

    The state of the source decides, not `change`, which only says why this run looks: events that come
    twice, late or out of order change nothing.
    """
    with redacted(), listed_once():
        run_logger().info("%s", why(change))
        artifacts = find_run(config, storage_secrets(config.store)).artifacts
        if record := artifacts.record():
            return Completed(message=f"nothing changed since version {reinstate(artifacts, record).version}")
        if (known := reason_to_skip(artifacts)) is not None:
            return Completed(message=known)
        if waiting(artifacts) is None:
            record = _curated(config)
            if record.status != "waiting":
                return ended(record)
        if not wait_for_answer(artifacts):  # suspends this flow run; when it goes on, the work is found done
            answer = f"answer in the Prefect UI, or with `labelworks approve {artifacts.id}`"
            return Completed(message=f"run {artifacts.id} waits for approval in another flow run: {answer}")
        return ended(_curated(config))


def _curated(config: RunConfig) -> RunRecord:
    with at_hand(config.compute) as client:
        place(config.compute, client)
        return curate(config)


def ended(record: RunRecord) -> State[Any]:
    """The state that says how the run ended."""
    if record.status == "published":
        return Completed(message=f"version {record.version} published, {record.rows:,} rows")
    return Completed(name="Rejected", message=verdict(record))


def reason_to_skip(artifacts: Artifacts) -> str | None:
    """Why a run that published nothing is not to be repeated; None if it is to be."""
    asked = standing(artifacts)
    if asked is not None and asked[0] in ("rejected", "expired"):
        return f"{verdict(asked[1])} `labelworks approve {artifacts.id}` publishes it still."
    if artifacts.store.exists(f"{artifacts.folder}/refused.json"):
        return "nothing changed since a gate refused this source: see the report of run " + artifacts.id
    return None


def why(change: DatasetChanged | None) -> str:
    """The reason for a run, for its log."""
    if change is None:
        return "asked to look at the source"
    counts = {"added": change.added, "changed": change.changed, "removed": change.removed}
    reasons = ", ".join(f"{len(names)} {what}" for what, names in counts.items() if names)
    return f"{change.cause}: {reasons or 'objects not named'} ({change.id})"
