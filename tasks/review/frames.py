"""What an audit draws from, by its design: rows of a run, their strata, how much a look there tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import TreatResult
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.apart import read_apart
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.audit.draw import Drawn
from labelworks.tasks.methods.audit.share import expected_width
from labelworks.tasks.methods.audit.strata import ProxySums, Strata, proxy_strata
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.validation.audited import apart_width

RELABEL = ACTIONS[1]
LIKELY_RIGHT = 0.9  # of changed labels, for the width that so many looks are likely to give


@dataclass(frozen=True, eq=False)
class ReviewCandidates:
    """Rows of a partition that may be drawn, by their numbers there; what some of them were changed to."""

    drawn: Drawn
    changed_to: dict[int, int | float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AuditFrame:
    """What is drawn from: the strata (H,) for so many looks.

    width: how wide the interval is likely to be that looks (H,) at strata give; candidates: those of a
    partition, called with it, the artifacts, the reference, the strata, `most` of each, and `seed`. mark:
    names the rows; None: what is drawn from them does.
    """

    strata: Callable[[int], Strata]
    width: Callable[[Strata, NDArray[np.int64]], float]
    candidates: Callable[..., ReviewCandidates]
    mark: int | None = None


def strata_frame(artifacts: Artifacts, ref: DatasetRef) -> AuditFrame:
    """All rows, by how likely their label is wrong."""
    parts = map_partitions(
        "review", proxy_sums, ref.of("source"), unit="partitions read", artifacts=artifacts, ref=ref
    )
    return AuditFrame(partial(proxy_strata, ProxySums.merged(parts)), expected_width, scored_rows)


def changes_frame(artifacts: Artifacts, ref: DatasetRef) -> AuditFrame:
    """Rows whose label the treatment changed. InputError where it changed none, or hasn't yet."""
    treated = artifacts.result(TreatResult)
    if treated is None or not treated.figures.treatment.relabelled:
        raise InputError(
            "the run changes no label", where=artifacts.store.url(artifacts.folder), fix="--design strata"
        )
    strata = _alike([treated.figures.treatment.relabelled], LIKELY_RIGHT)
    return AuditFrame(lambda _: strata, expected_width, partial(changed_rows, treated_by=treated.ref))


def apart_frame(artifacts: Artifacts, ref: DatasetRef) -> AuditFrame:
    """Rows on which the models of given and of treated labels differ, by whose side the given label is on."""
    rows = read_apart(artifacts)
    _, stratum = np.unique(rows.stratum, return_inverse=True)
    strata = _alike(np.bincount(stratum).tolist(), 0.5)
    table = pa.table({"id": rows.ids, "stratum": stratum})

    def width(strata: Strata, looks: NDArray[np.int64]) -> float:
        return apart_width(strata.rows, looks, of=rows.of, folds=rows.folds)

    return AuditFrame(lambda _: strata, width, partial(apart_rows, apart=table), rows.mark)


def _alike(rows: Sequence[int], likely: float) -> Strata:
    """Strata of so many rows each, of which no more is known."""
    count = np.array(rows, np.int64)
    alike = np.full(len(count), likely)
    return Strata(np.arange(len(count)), count, alike, np.sqrt(alike * (1 - alike)))


def proxy_sums(partition: Partition, artifacts: Artifacts, ref: DatasetRef) -> ProxySums:
    """Rows of a partition by their error probability."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["error_probability"])
    return ProxySums.of(scores["error_probability"].to_numpy())


def scored_rows(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, strata: Strata, most: int, seed: int
) -> ReviewCandidates:
    """Those of all rows of a partition."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id", "error_probability"])
    stratum = strata.of(scores["error_probability"].to_numpy())
    hashes = hash_ids(scores["id"].combine_chunks())
    return ReviewCandidates(Drawn.of(hashes, stratum, scores["row"].to_numpy(), len(strata.rows), most, seed))


def apart_rows(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, strata: Strata, most: int, seed: int,
    apart: pa.Table,
) -> ReviewCandidates:  # fmt: skip
    """Those of the rows of a partition on which models differ."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id"])
    places = pc.index_in(scores["id"], value_set=apart["id"].combine_chunks())
    here = scores.filter(places.is_valid())
    stratum = apart["stratum"].take(places.drop_null()).to_numpy()
    hashes = hash_ids(here["id"].combine_chunks())
    return ReviewCandidates(Drawn.of(hashes, stratum, here["row"].to_numpy(), len(strata.rows), most, seed))


def changed_rows(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    strata: Strata,
    most: int,
    seed: int,
    treated_by: DatasetRef,
) -> ReviewCandidates:
    """Those of the rows of a partition whose label was changed."""
    partition = next(part for part in treated_by.partitions if part.key == partition.key)
    name = artifacts.treated(treated_by, partition)
    treated = artifacts.store.read_table(name, ["row", "id", "label", "action"])
    treated = treated.filter(pc.equal(treated["action"], RELABEL))
    row, hashes = treated["row"].to_numpy(), hash_ids(treated["id"].combine_chunks())
    drawn = Drawn.of(hashes, np.zeros(len(row), np.int64), row, len(strata.rows), most, seed)
    return ReviewCandidates(drawn, dict(zip(row.tolist(), treated["label"].to_pylist(), strict=True)))
