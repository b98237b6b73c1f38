"""Runs that are asked for again though their work is done: their records, and their place among versions."""

from __future__ import annotations

from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.approvals import standing
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.storage.rollback import reinstate_version


def finished_record(run: Run) -> RunRecord | None:
    """The record of a run that needs no more work: published, waiting for a person, or rejected by one."""
    if found := run.record():
        return found
    asked = standing(run)
    return None if asked is None or asked[0] == "approved" else asked[1]


def reinstate(run: Run, record: RunRecord) -> RunRecord:
    """Make a published run the newest version again, unless it was rolled back; its record with the version.

    One that was killed after its manifest and before its version gets it now. Writes nothing of a run that is
    not published or is the newest.
    """
    if record.status != "published":
        return record
    version = reinstate_version(run.store, run.dataset, run.id, f"{run.folder}/manifest.json")
    return record.model_copy(update={"version": version})
