"""The artifacts of a run: where its parts lie in the store, and what a stage left there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from labelworks.schemas.records import DatasetRef, Partition, RunRecord
from labelworks.schemas.stage_results import StageResult
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import version_of

_Result = TypeVar("_Result", bound=StageResult)
BUDGETED = ("treat", "validate", "publish")
SETTLED = ("treat", "publish")
PUBLISHED = re.compile(r"publish(?:-budget-(?P<budget>\d+))?(?:-(?P<arm>.+))?")


@dataclass(frozen=True)
class Artifacts:
    """Names and reads of what a run keeps. Pickles.

    dataset: name of the dataset, or of this window of it: its folder in the store. index_keys: by window and
    label type, a hash of how ids and labels are read: runs that read them alike share their indexes.
    """

    store: Store
    dataset: str
    id: str = ""
    index_keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    budget: int | None = None  # set by a person: at most so many labels are changed
    approved: str = ""  # the arm that this person saw, which the validation then keeps to
    arm: str = ""  # what the validation chose to publish, where that is not what was proposed

    @property
    def name(self) -> str:
        """Name of the dataset, whichever window of it this is."""
        return self.dataset.partition("@")[0]

    @property
    def folder(self) -> str:
        """The run's folder in the store."""
        return f"{self.dataset}/runs/{self.id}"

    def carried(self) -> Artifacts:
        """Those of the treatment that the run published; of one that published none, what it proposed."""
        record = self.record()
        settled = record and record.parts and PUBLISHED.fullmatch(record.parts[0].partition("/")[0])
        if not settled:
            return self
        budget = settled["budget"]
        return replace(self, budget=None if budget is None else int(budget), arm=settled["arm"] or "")

    def named(self, run_id: str) -> Artifacts:
        """Those of another run of the same dataset."""
        return replace(self, id=run_id)

    def part(self, stage: str, partition: Partition) -> str:
        """Name of the part that a stage makes of a partition: the same for the same content."""
        return f"{self._of(stage)}/part-{partition.key}.parquet"

    def file(self, stage: str, name: str) -> str:
        """Name of another object of a stage."""
        return f"{self._of(stage)}/{name}"

    def _of(self, stage: str) -> str:
        """Folder of a stage; a budget and the validation leave what was proposed without them as it was."""
        lowered = f"-budget-{self.budget}" if self.budget is not None and stage in BUDGETED else ""
        settled = f"-{self.arm}" if self.arm and stage in SETTLED else ""
        return f"{self.folder}/{stage}{lowered}{settled}"

    def index(self, label_type: str, partition: Partition, beside: str = "") -> str:
        """Name of a partition's index, which runs that read ids and labels alike share.

        beside: what is kept of its rows in an object of its own (`rejected`, or one of `row_extras.EXTRAS`).
        """
        read_as = f"{self.index_keys[partition.window][label_type]}{partition.votes}"
        name = f"{partition.key}-{beside}" if beside else partition.key
        return f"{self.dataset}/index/{read_as}/{name}.parquet"

    def scores(self, ref: DatasetRef, partition: Partition) -> str:
        """Name of a partition's scores, which runs share whose model and whose copies say the same."""
        return f"{self.dataset}/scores/{ref.model_key}/{partition.scored_as}.parquet"

    def treated(self, ref: DatasetRef, partition: Partition) -> str:
        """Name of a partition's treated rows, shared by runs that treat alike and hear the same."""
        if not ref.treat_key:  # an older version kept them in the run's folder
            return self.part("treat", partition)
        return f"{self.dataset}/treated/{ref.treat_key}/{partition.treated_as}.parquet"

    def embedding(self, encoder_key: str, partition: Partition) -> str:
        """Name of a partition's embeddings, which runs and windows share."""
        return f"{self.embeddings(encoder_key)}/{partition.key}.parquet"

    def embeddings(self, encoder_key: str) -> str:
        """The folder of an encoder's embeddings and of its fitted state."""
        return f"{self.name}/embeddings/{encoder_key}"

    def result(self, kind: type[_Result]) -> _Result | None:
        """What the stage of this kind of result gave back when it was done before, with no work counted.

        None if it wasn't.
        """
        name = self.file(kind.of_stage(), "result.json")
        if not self.store.exists(name):
            return None
        result = kind.model_validate_json(self.store.read(name))
        return result.model_copy(update={"work": dict.fromkeys(result.work, 0)})

    def finish(self, result: _Result) -> _Result:
        """Keep a stage's result: from now on the stage is done."""
        self.store.write(self.file(result.stage, "result.json"), result.model_dump_json(indent=1).encode())
        return result

    def record(self) -> RunRecord | None:
        """The record of this very run if its manifest is written, with no work counted; None if it isn't.

        Its version is None if the run was killed before it had one: see `catalog.finished.reinstate`.
        """
        name = f"{self.folder}/manifest.json"
        if not self.store.exists(name):
            return None
        record = RunRecord.model_validate_json(self.store.read(name))
        version = version_of(self.store, self.dataset, self.id)
        return record.model_copy(update={"work": dict.fromkeys(record.work, 0), "version": version})
