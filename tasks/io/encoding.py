"""Encoding a partition: read it in batches, encode what is new in each, keep the vectors and their facts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import InputError
from schemas.records import DatasetRef, Partition
from tasks.io.repeats import Repeats
from tasks.io.run import Run
from tasks.io.store import Store
from tasks.io.vectors import write_vectors
from tasks.methods.encoders import base

FIT_PARTITIONS = 16  # read at most to fit an encoder …
FIT_SHARE = 250  # … and no more of them than give so many rows each
FEW_VALUES = 1000
SPAN_ROWS = 8192  # at a time: numpy compares halves slowly, and a whole partition as float32 is large
LOADED_AT_ONCE = 2  # encoders a worker keeps: models are large
NOT_FINITE = "the encoder gave NaN or inf"
_loading = threading.Lock()


@dataclass(frozen=True)
class EncoderSpec:
    """Which encoder, with which options and fitted state, on what: all a worker needs to load it."""

    key: str
    name: str = field(compare=False)
    kind: str = field(compare=False)
    options: str = field(compare=False)
    store: Store = field(compare=False)
    state: str = field(compare=False)
    device: str = "cpu"
    threads: int = 1


@dataclass(frozen=True)
class Embedded:
    """Facts of a partition's embeddings; lowest and highest value by dimension (D,)."""

    partition: Partition
    rows: int
    without: int
    distinct: int
    dim: int
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    new: bool
    seconds: float = 0.0


def find_embedded(partition: Partition, run: Run, spec: EncoderSpec) -> Embedded | None:
    """The facts of a partition that was embedded before, if it was."""
    facts = _facts(run, spec, partition)
    return _read(run, partition, facts, new=False) if run.store.exists(facts) else None


def embed_partition(partition: Partition, run: Run, spec: EncoderSpec) -> Embedded:
    """Encode one partition in batches, write its part, then its facts; or find them written."""
    if found := find_embedded(partition, run, spec):
        return found
    encoder = loaded(spec)
    started = perf_counter()
    vectors, reasons, contents = _encode(partition, run, encoder)
    seconds = perf_counter() - started
    write_vectors(run.store, run.embedding(spec.key, partition), vectors, reasons, contents)
    usable = np.array([reason is None for reason in reasons])
    low, high = _span(vectors, usable)
    facts = _facts(run, spec, partition)
    run.store.write_json(
        facts,
        {
            "rows": len(vectors), "without": int((~usable).sum()), "dim": vectors.shape[1],
            "distinct": len(np.unique(contents[usable])), "low": low.tolist(), "high": high.tolist(),
        },
    )  # fmt: skip
    return _read(run, partition, facts, new=True, seconds=seconds)


def _facts(run: Run, spec: EncoderSpec, partition: Partition) -> str:
    return run.embedding(spec.key, partition).replace(".parquet", ".json")


def _read(run: Run, partition: Partition, facts: str, *, new: bool, seconds: float = 0.0) -> Embedded:
    found = run.store.read_json(facts)
    return Embedded(
        partition, found["rows"], found["without"], found["distinct"], found["dim"],
        np.array(found["low"]), np.array(found["high"]), new, seconds,
    )  # fmt: skip


def _span(
    vectors: NDArray[np.floating], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lowest and highest value by dimension (D,) of the usable rows, a block at a time; zeros if none is."""
    low, high = np.full((2, vectors.shape[1]), [[np.inf], [-np.inf]], dtype=np.float32)
    for start in range(0, len(vectors), SPAN_ROWS):
        block = vectors[start : start + SPAN_ROWS].astype(np.float32)
        block = block if usable[start : start + SPAN_ROWS].all() else block[usable[start : start + SPAN_ROWS]]
        low = np.minimum(low, block.min(axis=0, initial=np.inf))
        high = np.maximum(high, block.max(axis=0, initial=-np.inf))
    return (low, high) if usable.any() else (np.zeros_like(low), np.zeros_like(high))


def loaded(spec: EncoderSpec) -> base.Encoder:
    """The encoder ready to encode, once a process."""
    with _loading:
        return _load(spec)


@lru_cache(maxsize=LOADED_AT_ONCE)
def _load(spec: EncoderSpec) -> base.Encoder:
    encoder = base.make(spec.name, spec.kind, json.loads(spec.options))
    encoder.device, encoder.threads = spec.device, spec.threads
    encoder.load(base.unpack(spec.store.read(spec.state)))
    return encoder


def _encode(
    partition: Partition, run: Run, encoder: base.Encoder
) -> tuple[NDArray[np.floating], list[str | None], NDArray[np.uint64]]:
    """Vectors (N, D), reasons and hashes of the contents (N,); each content is encoded once."""
    column = run.config.dataset.features.column
    reader = run.reader(partition)
    values = (batch.column(0) for batch in reader.batches([column], encoder.batch_rows))
    repeats = Repeats()
    vectors: list[NDArray[np.floating]] = []
    reasons: list[str | None] = []
    for prepared in _ahead(repeats, values, encoder):
        stored, why = _checked(encoder.infer(prepared), encoder.dtype)
        vectors.append(stored)
        reasons += why
    if not vectors:
        raise InputError("the partition has no rows", where=reader.where)
    first = repeats.first()
    found = np.concatenate(vectors)
    spread = found if len(first) == len(found) else found[first]
    return spread, [reasons[row] for row in first], repeats.contents()


def _ahead(repeats: Repeats, batches: Iterator[pa.Array], encoder: base.Encoder) -> Iterator[Any]:
    """What `prepare` makes of each batch's new contents: of the next one while this one is encoded."""

    def prepared() -> Any:
        for values in batches:
            fresh = repeats.fresh(values)
            if len(fresh):
                return encoder.prepare(fresh)
        return None

    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as pool:
        waiting = pool.submit(prepared)
        while (ready := waiting.result()) is not None:
            waiting = pool.submit(prepared)
            yield ready


def _checked(encoded: base.Encoded, dtype: str) -> tuple[NDArray[np.floating], list[str | None]]:
    """Vectors as they are stored, zero where they are not finite, and why a row has none."""
    with np.errstate(over="ignore"):
        stored = encoded.vectors if dtype == base.AS_GIVEN else encoded.vectors.astype(dtype)
    finite = base.finite_rows(stored)
    if finite.all():
        return stored, encoded.reasons
    stored = np.where(finite[:, None], stored, np.zeros((), stored.dtype))
    reasons = [
        reason or (None if ok else NOT_FINITE) for reason, ok in zip(encoded.reasons, finite, strict=True)
    ]
    return stored, reasons


def sample_column(run: Run, ref: DatasetRef, rows: int) -> pa.Array:
    """About that many values of the feature column, from partitions that the hash of their content picks.

    Few values are the first ones of each; many are spread over them, at the cost of reading them whole.
    """
    most = min(FIT_PARTITIONS, -(-rows // FIT_SHARE))
    partitions = sorted(ref.of("source"), key=lambda each: each.key)[:most]
    share = -(-rows // len(partitions))
    column = run.config.dataset.features.column
    taken: list[pa.Array] = []
    for partition in partitions:
        if rows <= FEW_VALUES:
            taken += [batch.column(0) for batch in islice(run.reader(partition).batches([column], share), 1)]
            continue
        whole = run.reader(partition).table([column])[column].combine_chunks()
        taken.append(whole.take(pa.array(np.unique(np.linspace(0, len(whole) - 1, share).astype(int)))))
    return pa.concat_arrays(taken)
