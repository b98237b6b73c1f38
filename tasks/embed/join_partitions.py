"""Features of several kinds: the vectors of each are kept by its encoder's key, and joined under another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from labelworks.schemas.findings import EncodedKind
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.embeddings import read_reasons, read_some, read_vectors
from labelworks.tasks.artifacts.vectors.image_measures import read_measures
from labelworks.tasks.embed.encode_partitions import Embedded, EncodedPartition, find_embedded, keep
from labelworks.tasks.embed.encoder_spec import FIT_PARTITIONS, EncoderSpec
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.encoders.side_by_side import (
    Placing,
    joined_contents,
    joined_reasons,
    side_by_side,
)

SAMPLE = 4096  # rows that say how far the vectors of a kind are apart
JOINED = "mixed"
JOINED_AS = 1  # another way to join is another key


@dataclass(frozen=True)
class JoinedSpec:
    """The encoders of several kinds of features, and the key of their joined vectors."""

    key: str
    parts: tuple[EncoderSpec, ...]

    @property
    def name(self) -> str:
        """What stands for the name of an encoder."""
        return JOINED

    @classmethod
    def of(cls, parts: Sequence[EncoderSpec]) -> JoinedSpec:
        """Name what is made of these encoders."""
        said = json.dumps([[part.kind, part.key] for part in parts] + [JOINED_AS, base.PART_FORMAT])
        return cls(f"{JOINED}-{hashlib.blake2b(said.encode(), digest_size=6).hexdigest()}", tuple(parts))


def join_kinds(
    artifacts: Artifacts, ref: DatasetRef, spec: JoinedSpec, done: Sequence[Sequence[Embedded]]
) -> tuple[list[Embedded], list[EncodedKind]]:
    """Join the vectors of all partitions, which were made of each kind; what was made, and of what.

    done: by kind the facts of all partitions. How far vectors are apart is learned once a dataset, as
    encoders are fitted, so that vectors stay what they were when a partition comes.
    """
    name = f"{artifacts.embeddings(spec.key)}/state.npz"
    if not artifacts.store.exists(name):
        artifacts.store.create(name, base.pack(_learned(artifacts, ref, spec, done)))
    joined = map_partitions(
        "embed", join_partition, ref.partitions, unit="partitions joined", artifacts=artifacts, spec=spec
    )
    placings = placings_of(base.unpack(artifacts.store.read(name)), spec)
    kinds = [
        EncodedKind(
            kind=part.kind,
            encoder=part.name,
            dim=facts[0].dim,
            spread=placing.spread,
            rejected_rows=sum(fact.without for fact in facts),
            embedded_rows=sum(fact.rows for fact in facts if fact.new),
        )
        for part, facts, placing in zip(spec.parts, done, placings, strict=True)
    ]
    return joined, kinds


def join_partition(partition: Partition, artifacts: Artifacts, spec: JoinedSpec) -> Embedded:
    """Join the vectors of a partition row by row, and keep them; or find them kept."""
    if kept := find_embedded(partition, artifacts, spec.key):
        return kept
    started, store = perf_counter(), artifacts.store
    names = [artifacts.embedding(part.key, partition) for part in spec.parts]
    parts = [read_vectors(store, name) for name in names]
    state = base.unpack(store.read(f"{artifacts.embeddings(spec.key)}/state.npz"))
    why = [read_reasons(store, name) for name in names]
    reasons = joined_reasons([part.kind for part in spec.parts], why)
    vectors = side_by_side([part.vectors for part in parts], placings_of(state, spec))
    vectors[[reason is not None for reason in reasons]] = 0
    beside = {name: packed for part in parts for name, packed in part.beside.items()}
    measures = [read_measures(artifacts, part.key, partition) for part in spec.parts if part.kind == "image"]
    encoded = EncodedPartition(
        vectors, reasons, joined_contents([part.contents for part in parts]), perf_counter() - started,
        beside.get("words"), beside.get("cells"), next(iter(measures), None),
    )  # fmt: skip
    return keep(partition, artifacts, spec.key, encoded)


def said_of_kinds(kinds: Sequence[EncodedKind]) -> str:
    """How features of several kinds became one vector, in a line."""
    return f"embed: {', '.join(part.said for part in kinds)}: each scaled to the same spread and joined"


def _learned(
    artifacts: Artifacts, ref: DatasetRef, spec: JoinedSpec, done: Sequence[Sequence[Embedded]]
) -> base.State:
    """Where the vectors of each kind lie, from rows that are spread over some partitions."""
    rows = {part.partition.key: part.rows for part in done[0]}
    chosen = sorted(ref.of("source"), key=lambda each: each.key)[:FIT_PARTITIONS]
    share = -(-SAMPLE // len(chosen))
    state: base.State = {}
    for part in spec.parts:
        taken = []
        for partition in chosen:
            held = rows[partition.key]
            places = np.unique(np.linspace(0, held - 1, min(held, share)).astype(np.int64))
            vectors, usable = read_some(artifacts.store, artifacts.embedding(part.key, partition), places)
            taken.append(vectors[usable])
        placing = Placing.of(np.concatenate(taken))
        state |= {f"{part.kind}.centre": placing.centre, f"{part.kind}.spread": np.array(placing.spread)}
    return state


def placings_of(state: base.State, spec: JoinedSpec) -> list[Placing]:
    """Where the vectors of each kind lie, as it is kept."""
    kinds = [part.kind for part in spec.parts]
    return [Placing(state[f"{kind}.centre"], float(state[f"{kind}.spread"])) for kind in kinds]
