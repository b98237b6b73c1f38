"""Encoding: what is known of a partition, batches in flight beside a GPU, names that can't be encoded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.schemas.records import Partition
from labelworks.tasks.embed import encoder_spec
from labelworks.tasks.embed.class_names import usable_names
from labelworks.tasks.embed.encode_partitions import Embedded, dead_dimensions, span
from labelworks.tasks.embed.encoder_spec import EncoderSpec, FittedState, lacks, loaded
from labelworks.tasks.execution.prefetch import ahead
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.encoders.device import DeviceEncoder, Prepared
from labelworks.tasks.storage.store import Store


def embedded(vectors: list[list[float]], usable: list[bool]) -> Embedded:
    rows, kept = np.array(vectors, np.float32), np.array(usable)
    low, high = span(rows, kept)
    partition = Partition.model_construct()
    return Embedded(partition, len(rows), int((~kept).sum()), len(rows), rows.shape[1], low, high, new=True)


def test_a_dimension_that_never_changes_is_dead_whatever_rows_without_a_vector_hold() -> None:
    some = embedded([[3.0, 1.0, 0.0], [3.0, 2.0, 0.0], [9.0, 9.0, 9.0]], [True, True, False])
    none = embedded([[0.0, 0.0, 0.0]] * 2, [False] * 2)
    other = embedded([[3.0, 1.0, 0.5]], [True])
    assert dead_dimensions([some]) == dead_dimensions([some, none]) == dead_dimensions([none, some]) == 2
    assert dead_dimensions([some, other, none]) == 1
    assert dead_dimensions([none]) == 3


class Scarce(DeviceEncoder):
    """A device with memory for four rows; the vector of a row is the row."""

    options: ClassVar[dict[str, Any]] = {"batch_size": 16, "precision": "auto", "compile": False}

    def open(self) -> None:
        self.sizes: list[int] = []

    def blank(self) -> float:
        return 0.0

    def prepare(self, values: pa.Array) -> Prepared:
        rows = values.to_numpy()
        return Prepared(rows.tolist(), np.ones(len(rows), int), np.arange(len(rows)), [None] * len(rows))

    def run(self, staged: Any) -> np.ndarray:
        self.sizes.append(len(staged))
        if len(staged) > 4:
            raise MemoryError
        return np.array(staged, np.float32)[:, None]


def test_memory_that_runs_out_for_two_batches_in_flight_loses_no_row() -> None:
    encoder = Scarce()
    encoder.device = "cuda"
    encoder.load({})
    assert encoder.in_flight == 2
    values = pa.array(np.arange(400.0))
    prepared = [encoder.prepare(values.slice(start, 20)) for start in range(0, 400, 20)]
    found = list(ahead(encoder.infer, prepared, encoder.in_flight))
    np.testing.assert_array_equal(np.concatenate([each.vectors[:, 0] for each in found]), np.arange(400))
    assert all(reason is None for each in found for reason in each.reasons)
    assert encoder.budget.cost <= 4
    assert (
        sum(size > 4 for size in encoder.sizes) <= 3 * 2
    )  # 16, 8, by each of the two; by the next where it began before


def test_a_worker_has_one_encoder_which_knows_how_many_share_the_rate(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for name, length in (("state.npz", 3), ("other.npz", 4)):
        state = {"length": np.array(length), "centre": np.zeros(length), "scale": np.array(1.0)}
        store.write(name, base.pack(state))
    fitted = FittedState(store, "state.npz")
    specs = [
        EncoderSpec("key", "vector", "vector", json.dumps({}), fitted, workers=workers) for workers in (3, 7)
    ]
    first = loaded(specs[0])
    assert first.workers == 3
    assert loaded(specs[1]) is first
    assert first.workers == 7
    assert loaded(replace(specs[0], fitted=FittedState(store, "other.npz"))) is not first
    assert lacks("vector", "vector", {}, "cuda") == ""


def test_a_gpu_has_the_cores_that_the_config_says_else_its_share_of_those_of_its_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoder_spec, "cores_here", lambda: 16)
    spec = EncoderSpec("key", "vector", "vector", "{}", device="cuda", sharing=3)
    assert (spec.cores, replace(spec, gpu_cores=2).cores, replace(spec, sharing=32).cores) == (5, 2, 1)
    encoder = Scarce()
    encoder.cores, encoder.threads = spec.cores, 3
    assert encoder.helpers == 3
    encoder.device = "cuda"
    assert encoder.helpers == 4  # the fifth runs the model


def test_a_class_whose_name_gives_no_vector_is_named() -> None:
    vectors = np.array([[1.0, 0.0], [np.nan, 0.0], [0.0, 0.0]], np.float16)
    with pytest.raises(ConfigError, match=r"2 of 3 classes: 1 .the encoder gave NaN or inf., late .too long"):
        usable_names(base.Encoded(vectors, [None, None, "too long"]), ("a", 1, "late"))
    found = usable_names(base.Encoded(vectors[:1], [None]), ("a",))
    assert (found.dtype, found.tolist()) == (np.float32, [[1.0, 0.0]])
