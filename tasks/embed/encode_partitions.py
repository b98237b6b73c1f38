"""Encoding partitions: read in batches, what is new in each encoded, vectors and their facts kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import feature_batches
from labelworks.tasks.artifacts.vectors.embeddings import write_vectors
from labelworks.tasks.artifacts.vectors.image_measures import write_measures
from labelworks.tasks.embed.content_hash import Repeats
from labelworks.tasks.embed.encoder_spec import EncoderSpec, loaded
from labelworks.tasks.embed.pair_check import check_before
from labelworks.tasks.embed.waits import Seconds, Watch
from labelworks.tasks.execution.prefetch import ahead, drawn
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.sources.source import Source

PREPARED = 2  # batches that wait ready: the second where the first is a short last one
SPAN_ROWS = 8192  # at a time: numpy compares halves slowly, and a whole partition as float32 is large


@dataclass(frozen=True)
class Embedded:
    """Facts of a partition's embeddings; lowest and highest value by dimension (D,).

    waits: what went on, and was waited for, until it was done; nothing where all were found.
    """

    partition: Partition
    rows: int
    without: int
    distinct: int
    dim: int
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    new: bool
    seconds: float = 0.0
    waits: Seconds = field(default_factory=Seconds)


@dataclass(frozen=True)
class EncodedPartition:
    """Of a partition: vectors (N, D), why a row has none, hashes of the contents (N,); seconds it took.

    words (N, W), cells (N, C): packed, if the encoder gives them; measures (N, M): of images, if it does;
    tokens (N,): raw vectors of the tokens of each row, if it does.
    """

    vectors: NDArray[np.floating]
    reasons: list[str | None]
    contents: NDArray[np.uint64]
    seconds: float
    words: NDArray[np.uint32] | None = None
    cells: NDArray[np.uint32] | None = None
    measures: NDArray[np.float32] | None = None
    tokens: pa.Array | None = None


def find_embedded(partition: Partition, artifacts: Artifacts, encoder_key: str) -> Embedded | None:
    """The facts of a partition that was embedded before under that key, if it was."""
    name = _facts_name(artifacts, encoder_key, partition)
    return _embedded(partition, artifacts.store.read_json(name)) if artifacts.store.exists(name) else None


@redacted()
def embed_partitions(
    partitions: Sequence[Partition], artifacts: Artifacts, source: Source, spec: EncoderSpec
) -> list[Embedded]:
    """Encode partitions one by one, write the part of each, then its facts; or find them written.

    Meanwhile a thread reads and prepares the batches that come next, also those of the next partition,
    another, or two beside a GPU, runs the model, and one writes what is done.
    """
    encoder, watch = loaded(spec), Watch()
    for partition in partitions[:1]:
        check_before(source, partition, encoder)
    steps_of = partial(_steps, artifacts=artifacts, source=source, spec=spec, encoder=encoder)
    todo = drawn((step for partition in partitions for step in steps_of(partition)), PREPARED)
    done: list[Embedded | Future[Embedded]] = []
    laps: list[Seconds] = []
    inferred = ahead(partial(_inferred, encoder, watch), todo, encoder.in_flight)
    with (
        ThreadPoolExecutor(1, thread_name_prefix="write") as writer,
        closing(todo),
        closing(inferred) as steps,
    ):
        for partition in partitions:
            embedded = _encode(steps)
            if isinstance(embedded, Embedded):
                done.append(embedded)
            else:
                with watch.storing():
                    _written(done[-1:])  # not more than one waits to be written
                done.append(writer.submit(keep, partition, artifacts, spec.key, embedded))
            laps.append(watch.lap())
        with watch.storing():
            parts = _written(done)
    if any(part.new for part in parts):
        laps[-1] += watch.lap()
        return [replace(part, waits=lap) for part, lap in zip(parts, laps, strict=True)]
    return parts


def _written(parts: Sequence[Embedded | Future[Embedded]]) -> list[Embedded]:
    """Those that are being written, once they are."""
    return [part.result() if isinstance(part, Future) else part for part in parts]


def dead_dimensions(done: Sequence[Embedded]) -> int:
    """How many dimensions have one value in all rows that have a vector; all where none has one."""
    some = [part for part in done if part.without < part.rows]
    if not some:
        return done[0].dim
    spread = np.max([part.high for part in some], axis=0) - np.min([part.low for part in some], axis=0)
    return int(np.count_nonzero(spread <= 0))


def _steps(
    partition: Partition, artifacts: Artifacts, source: Source, spec: EncoderSpec, encoder: base.Encoder
) -> Iterator[Any]:
    """Its facts, if it was embedded before; else its new contents in batches, prepared, then its repeats."""
    if kept := find_embedded(partition, artifacts, spec.key):
        yield kept
        return
    repeats = Repeats()
    for values in feature_batches(source, partition, encoder.batch_rows):
        fresh = repeats.fresh(values)
        if len(fresh):
            yield encoder.prepare(fresh)
    if not repeats.rows:
        raise InputError("the partition has no rows", where=source.reader(partition).where)
    yield repeats


def _inferred(encoder: base.Encoder, watch: Watch, step: Any) -> Any:
    """What a batch is encoded as, vectors as they are stored; any other step as it is."""
    if isinstance(step, Embedded | Repeats):
        return step
    with watch.running():
        encoded = encoder.infer(step)
    return _checked(encoded, encoder.dtype)


def _encode(steps: Iterator[Any]) -> EncodedPartition | Embedded:
    """Gather the batches up to the end of their partition, each content once; or pass on its facts."""
    started = perf_counter()
    done: list[base.Encoded] = []
    while not isinstance(step := next(steps), Repeats):
        if isinstance(step, Embedded):
            return step
        done.append(step)
    place, reasons = step.first(), [why for part in done for why in part.reasons]
    vectors = _spread([part.vectors for part in done], place)
    words = _spread_some([part.words for part in done], place)
    cells = _spread_some([part.cells for part in done], place)
    measures = _spread_some([part.measures for part in done], place)
    why = [reasons[row] for row in place]
    seconds, tokens = perf_counter() - started, _spread_lists([part.tokens for part in done], place)
    return EncodedPartition(vectors, why, step.contents(), seconds, words, cells, measures, tokens)


def _spread_lists(batches: Sequence[pa.Array | None], place: NDArray[np.int64]) -> pa.Array | None:
    """Lists of raw bytes of the batches, each where its content is."""
    given = [batch for batch in batches if batch is not None]
    return pa.concat_arrays(given).take(pa.array(place)) if given else None


def _spread_some(batches: Sequence[NDArray[Any] | None], place: NDArray[np.int64]) -> NDArray[Any] | None:
    """The same of what the encoder may not give."""
    given = [batch for batch in batches if batch is not None]
    return _spread(given, place) if given else None


def _spread(batches: list[NDArray[Any]], place: NDArray[np.int64]) -> NDArray[Any]:
    """The rows of the batches, each where its content is (N, …)."""
    vectors = np.concatenate(batches)
    return vectors if len(place) == len(vectors) else vectors[place]


def keep(partition: Partition, artifacts: Artifacts, key: str, found: EncodedPartition) -> Embedded:
    """Write the vectors of a partition under an encoder's key, then their facts."""
    name = artifacts.embedding(key, partition)
    packed = (found.words, found.cells, found.tokens)
    write_vectors(artifacts.store, name, found.vectors, found.reasons, found.contents, *packed)
    usable = np.array([reason is None for reason in found.reasons])
    if found.measures is not None:
        write_measures(artifacts, key, partition, found.measures)
    low, high = span(found.vectors, usable)
    facts = {
        "rows": len(usable), "without": int((~usable).sum()), "dim": found.vectors.shape[1],
        "distinct": len(np.unique(found.contents[usable])), "low": low.tolist(), "high": high.tolist(),
    }  # fmt: skip
    artifacts.store.write_json(_facts_name(artifacts, key, partition), facts)
    return _embedded(partition, facts, new=True, seconds=found.seconds)


def _facts_name(artifacts: Artifacts, key: str, partition: Partition) -> str:
    return f"{artifacts.embeddings(key)}/{partition.key}.json"


def _embedded(
    partition: Partition, facts: dict[str, Any], *, new: bool = False, seconds: float = 0.0
) -> Embedded:
    return Embedded(
        partition, facts["rows"], facts["without"], facts["distinct"], facts["dim"],
        np.array(facts["low"]), np.array(facts["high"]), new, seconds,
    )  # fmt: skip


def span(
    vectors: NDArray[np.floating], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lowest and highest value by dimension (D,) of the usable rows, a block at a time; zeros if none is."""
    low, high = np.full((2, vectors.shape[1]), [[np.inf], [-np.inf]], dtype=np.float32)
    for start in range(0, len(vectors), SPAN_ROWS):
        block = single(vectors[start : start + SPAN_ROWS])
        block = block if usable[start : start + SPAN_ROWS].all() else block[usable[start : start + SPAN_ROWS]]
        low = np.minimum(low, block.min(axis=0, initial=np.inf))
        high = np.maximum(high, block.max(axis=0, initial=-np.inf))
    return (low, high) if usable.any() else (np.zeros_like(low), np.zeros_like(high))


def _checked(encoded: base.Encoded, dtype: str) -> base.Encoded:
    """The same with vectors as they are stored, zero where they are not finite, which is a reason."""
    with np.errstate(over="ignore"):
        stored = encoded.vectors if dtype == base.AS_GIVEN else encoded.vectors.astype(dtype, copy=False)
    finite = base.finite_rows(stored)
    if finite.all():
        return replace(encoded, vectors=stored)
    stored = np.where(finite[:, None], stored, np.zeros((), stored.dtype))
    reasons = [
        reason or (None if ok else base.NOT_FINITE)
        for reason, ok in zip(encoded.reasons, finite, strict=True)
    ]
    return replace(encoded, vectors=stored, reasons=reasons)
