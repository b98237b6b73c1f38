"""A run: its configuration, its identity and where its parts lie in the store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef, Partition, RunRecord, StageResult
from labelworks.tasks.sources.column_roles import read_as
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.images import ImageReader
from labelworks.tasks.sources.partition_reader import PartitionReader
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import version_of

_Result = TypeVar("_Result", bound=StageResult)
BUDGETED = ("treat", "validate", "publish")
INDEX_FORMAT = 5  # of what is kept of a partition's rows: another format is another folder


@dataclass(frozen=True)
class Run:
    """What every stage is given besides its reference. Pickles; secrets stay out of its repr."""

    config: RunConfig
    store: Store
    id: str = ""
    source_options: dict[str, Any] = field(default_factory=dict, repr=False)
    budget: int | None = None  # set by a person: at most so many labels are changed
    newest: int | None = None  # version when the run was opened: who publishes a later one came in between

    @property
    def dataset(self) -> str:
        """Name of the dataset, or of this window of it: its folder in the store."""
        return self.config.dataset.key

    @property
    def folder(self) -> str:
        """The run's folder in the store."""
        return f"{self.dataset}/runs/{self.id}"

    def named(self, run_id: str) -> Run:
        """Another run of the same dataset, read by this one's configuration."""
        return replace(self, id=run_id)

    def part(self, stage: str, partition: Partition) -> str:
        """Name of the part that a stage makes of a partition: the same for the same content."""
        return f"{self._of(stage)}/part-{partition.key}.parquet"

    def file(self, stage: str, name: str) -> str:
        """Name of another object of a stage."""
        return f"{self._of(stage)}/{name}"

    def _of(self, stage: str) -> str:
        """Folder of a stage; a budget leaves what was proposed without it as it was."""
        lowered = self.budget is not None and stage in BUDGETED
        return f"{self.folder}/{stage}-budget-{self.budget}" if lowered else f"{self.folder}/{stage}"

    def index(self, label_type: str, partition: Partition, beside: str = "") -> str:
        """Name of a partition's index, which runs that read ids and labels alike share.

        beside: what is kept of its rows in an object of its own (`rejected`, or one of `row_extras.EXTRAS`).
        """
        read_as = f"{self.read_as(label_type, partition.window)}{partition.votes}"
        name = f"{partition.key}-{beside}" if beside else partition.key
        return f"{self.dataset}/index/{read_as}/{name}.parquet"

    def read_as(self, label_type: str, window: str) -> str:
        """Hash of how ids and labels of a window are read."""
        data = self.config.dataset
        source = window == "source"
        label, time = (data.label, [data.time_window, self.config.reads_time]) if source else (None, None)
        beside = [data.pred_probs, data.pair] if source else []
        judged = [data.features.names, data.time, data.csv.model_dump()]
        said = [INDEX_FORMAT, data.format, data.id, label, data.classes, label_type, time, *beside, *judged]
        return hashlib.blake2b(json.dumps(said).encode(), digest_size=6).hexdigest()

    def scores(self, ref: DatasetRef, partition: Partition) -> str:
        """Name of a partition's scores, which runs share whose model and whose copies say the same."""
        return f"{self.dataset}/scores/{ref.model_key}/{partition.scored_as}.parquet"

    def embedding(self, encoder_key: str, partition: Partition) -> str:
        """Name of a partition's embeddings, which runs and windows share."""
        return f"{self.embeddings(encoder_key)}/{partition.key}.parquet"

    def embeddings(self, encoder_key: str) -> str:
        """The folder of an encoder's embeddings and of its fitted state."""
        return f"{self.config.dataset.name}/embeddings/{encoder_key}"

    def reader(self, partition: Partition, read_as: ReadAs | None = None) -> PartitionReader:
        """Reader of a partition's rows."""
        place = self.config.dataset.place(partition.window)
        of_images = any(piece.format == "images" for piece in partition.pieces[:1])
        reader = ImageReader if of_images else PartitionReader
        return reader(place, partition, self.source_options, read_as or self.source_read_as)

    def verbatim(self, partition: Partition) -> PartitionReader:
        """The same, but what stands in files without types of their own is read as it stands, as strings."""
        names = (name for schema in self.reader(partition).schemas() for name in schema.names)
        return self.reader(
            partition, replace(self.source_read_as, kinds=dict.fromkeys(names, "string"), judged=())
        )

    @property
    def source_read_as(self) -> ReadAs:
        """How the files of the source and of the target are read."""
        return read_as(self.config.dataset, self.config.detect)

    def result(self, kind: type[_Result]) -> _Result | None:
        """What the stage of this kind of result gave back when it was done before, with no work counted.

        None if it wasn't.
        """
        name = self.file(kind.of_stage(), "result.json")
        if not self.store.exists(name):
            return None
        found = kind.model_validate_json(self.store.read(name))
        return found.model_copy(update={"work": dict.fromkeys(found.work, 0)})

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
        found = RunRecord.model_validate_json(self.store.read(name))
        version = version_of(self.store, self.dataset, self.id)
        return found.model_copy(update={"work": dict.fromkeys(found.work, 0), "version": version})


def identify(config: RunConfig, fingerprints: list[str]) -> str:
    """The run's id: the same input, configuration and code give the same one."""
    identity = json.dumps([config.identity, sorted(fingerprints), code_version()], sort_keys=True)
    return hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()


@cache
def code_version() -> str:
    """Version of the package and a hash of the code that decides results."""
    root = Path(__file__).parents[2]
    digest = hashlib.blake2b(digest_size=4)
    for folder in ("tasks", "schemas"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".py", ".yaml", ".html"):
                digest.update(file.read_bytes())
    return f"{version('labelworks')}+{digest.hexdigest()}"
