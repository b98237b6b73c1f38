"""What a run takes over from the one that differs from it by people's decisions alone."""

from __future__ import annotations

from labelworks.schemas.stage_results import DetectResult, EmbedResult, IngestResult, StageResult
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.storage.listing import objects

UNHEARD: tuple[type[StageResult], ...] = (IngestResult, EmbedResult, DetectResult)  # know no decisions


def adopt(artifacts: Artifacts, undecided: str) -> None:
    """Take over the stages that hear no decisions from a run of the same data, config and code.

    undecided: its id; where there is no such run, nothing is taken over. A stage's result comes last, so
    what is cut off counts as not taken over.
    """
    other = artifacts.named(undecided)
    if undecided in ("", artifacts.id):
        return
    for kind in UNHEARD:
        if artifacts.result(kind) is not None:
            continue
        result = other.result(kind)
        if result is None:
            return
        _copy(other, artifacts, kind.of_stage())
        ref = result.ref.model_copy(
            update={"run_id": artifacts.id, "uri": artifacts.store.url(artifacts.folder)}
        )
        artifacts.finish(result.model_copy(update={"ref": ref, "seconds": 0.0}))


def _copy(other: Artifacts, artifacts: Artifacts, stage: str) -> None:
    """The objects that a stage keeps beside its result; JSON, which says that others are whole, last."""
    result = other.file(stage, "result.json")
    kept = objects(other.store, f"{other.folder}/{stage}")
    for path in sorted(kept, key=lambda path: path.name.endswith(".json")):
        if path.name != result:
            name = path.name.removeprefix(other.folder)
            artifacts.store.write(f"{artifacts.folder}{name}", other.store.read(path.name))
