"""The encoder of a run: what a worker loads it from, and the sample of the column that it is fitted on."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import concatenated, first_features, some_features
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.statistics.folds import fitted_on
from labelworks.tasks.sources.source import Source
from labelworks.tasks.storage.store import Store

FIT_PARTITIONS = 16  # read at most to fit an encoder …
FIT_SHARE = 250  # … and no more of them than give so many rows each
FEW_VALUES = 1000
LOADED_AT_ONCE = 2  # encoders a worker keeps: models are large
_loading = threading.Lock()


@dataclass(frozen=True)
class FittedState:
    """Where the state of an encoder is that was fitted on a dataset."""

    store: Store
    name: str


@dataclass(frozen=True)
class EncoderSpec:
    """Which encoder, with which options and fitted state, on what: all a worker needs to load it.

    One that was fitted on nothing is the same for every dataset, so a worker opens it once for all of them.
    """

    key: str
    name: str = field(compare=False)
    kind: str = field(compare=False)
    options: str = field(compare=False)
    fitted: FittedState | None = None
    device: str = "cpu"
    threads: int = 1
    workers: int = field(default=1, compare=False)
    gpu_cores: int | None = field(default=None, compare=False)
    sharing: int = field(default=1, compare=False)

    @property
    def cores(self) -> int:
        """Cores that prepare rows beside a GPU of this machine, unless told its share of all."""
        return self.gpu_cores or max(1, cores_here() // self.sharing)


def cores_here() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def loaded(spec: EncoderSpec) -> base.Encoder:
    """The encoder ready to encode, once a process."""
    with _loading:
        encoder = open_encoder(spec)
        encoder.workers = spec.workers
        return encoder


def lacks(name: str, kind: str, options: dict[str, Any], device: str) -> str:
    """Why the encoder can't run on a device in this process; "" if it can."""
    return base.make(name, kind, options).lacks(device)


@lru_cache(maxsize=LOADED_AT_ONCE)
def open_encoder(spec: EncoderSpec) -> base.Encoder:
    """Make an encoder and load its state; to be called by `loaded`, which lets one at a time."""
    encoder = base.make(spec.name, spec.kind, json.loads(spec.options))
    encoder.device, encoder.threads, encoder.cores = spec.device, spec.threads, spec.cores
    encoder.load(base.unpack(spec.fitted.store.read(spec.fitted.name)) if spec.fitted else {})
    return encoder


def sample_column(
    artifacts: Artifacts, source: Source, ref: DatasetRef, rows: int, among: float = 1.0
) -> pa.Array:
    """About that many values of the feature column, from partitions that the hash of their content picks.

    Few values are the first ones of each; many are spread over them, at the cost of reading them whole.
    among: the share of the rows that they are taken of, by `fitted_on`; of all rows, where none is in it.
    """
    most = min(FIT_PARTITIONS, -(-rows // FIT_SHARE))
    partitions = sorted(ref.of("source"), key=lambda each: each.key)[:most]
    share = -(-rows // len(partitions))
    taken: list[pa.Array] = []
    for partition in partitions:
        if among < 1:
            places = _places(artifacts, ref, partition, share, among)
            taken.append(some_features(source, partition, places))
        elif rows <= FEW_VALUES:
            taken += first_features(source, partition, share)
        else:
            taken.append(some_features(source, partition, share))
    sample = concatenated(taken)
    return sample if len(sample) or among >= 1 else sample_column(artifacts, source, ref, rows)


def _places(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: int, among: float
) -> NDArray[np.integer]:
    """At most so many usable rows of a partition, spread over those that an encoder may be fitted on."""
    index = load_index(artifacts, ref, partition, ["hash"])
    places = index["row"].to_numpy()[fitted_on(index["hash"].to_numpy(), among)]
    return np.asarray(places[np.unique(np.linspace(0, len(places) - 1, min(rows, len(places))).astype(int))])
