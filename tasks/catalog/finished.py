"""Runs that are asked for again though their work is done: their records, and their place among versions."""

from __future__ import annotations

from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.approvals import standing
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.storage.rollback import reinstate_version


def finished_record(artifacts: Artifacts) -> RunRecord | None:
    """The record of a run that needs no more work: published, waiting for a person, or rejected by one."""
    if record := artifacts.record():
        return record
    asked = standing(artifacts)
    return None if asked is None or asked[0] == "approved" else asked[1]


def reinstate(artifacts: Artifacts, record: RunRecord) -> RunRecord:
    """Make a published run the newest version again, unless it was rolled back; its record with the version.

    One that was killed after its manifest and before its version gets it now. Writes nothing of a run that is
    not published or is the newest.
    """
    if record.status != "published":
        return record
    manifest = f"{artifacts.folder}/manifest.json"
    version = reinstate_version(artifacts.store, artifacts.dataset, artifacts.id, manifest)
    return record.model_copy(update={"version": version})
