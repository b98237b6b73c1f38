"""What an audit draws from, by its design: rows of a run, their strata, how much a look there tells."""

from __future__ import annotations

from collections.abc import Callable
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
from labelworks.tasks.methods.audit.estimates import expected_width
from labelworks.tasks.methods.audit.strata import Risks, Strata, score_strata
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.validation.audited import apart_width

RELABEL = ACTIONS[1]
LEAST_SPREAD = 0.05  # of a stratum whose scores say that nothing there is wrong: scores err
LIKELY_WRONG = 0.1  # of changed labels, for the width that so many looks are likely to give


@dataclass(frozen=True, eq=False)
class ReviewCandidates:
    """Rows of a partition that may be drawn, by their numbers there; what some of them were changed to."""

    drawn: Drawn
    changed_to: dict[int, int | float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AuditFrame:
    """Rows and standard deviations of strata (H,).

    width: how wide the interval is likely to be that looks (H,) give; candidates: those of a partition,
    called with it, the artifacts and the reference, `most` of each stratum, and `seed`. mark: names the rows;
    None: what is drawn from them does.
    """

    rows: NDArray[np.int64]
    spread: NDArray[np.float64]
    width: Callable[[NDArray[np.int64]], float]
    candidates: Callable[..., ReviewCandidates]
    mark: int | None = None


def strata_frame(artifacts: Artifacts, ref: DatasetRef) -> AuditFrame:
    """All rows, by how likely their label is wrong."""
    risks = map_partitions(
        "review", risks_of, ref.of("source"), unit="partitions read", artifacts=artifacts, ref=ref
    )
    strata = score_strata(Risks.merged(risks))
    spread = np.maximum(np.sqrt(strata.likely * (1 - strata.likely)), LEAST_SPREAD)
    width = partial(expected_width, strata.rows, strata.likely)
    return AuditFrame(strata.rows, spread, width, partial(scored_rows, strata=strata))


def changes_frame(artifacts: Artifacts, ref: DatasetRef) -> AuditFrame:
    """Rows whose label the treatment changed. InputError where it changed none, or hasn't yet."""
    found = artifacts.result(TreatResult)
    if found is None or not found.figures.treatment.relabelled:
        raise InputError(
            "the run changes no label", where=artifacts.store.url(artifacts.folder), fix="--design strata"
        )
    rows = np.array([found.figures.treatment.relabelled])
    width = partial(expected_width, rows, [LIKELY_WRONG])
    return AuditFrame(rows, np.ones(1), width, partial(changed_rows, treated_by=found.ref))


def apart_frame(artifacts: Artifacts, ref: DatasetRef) -> AuditFrame:
    """Rows on which the models of given and of treated labels differ, by whose side the given label is on."""
    rows = read_apart(artifacts)
    kinds, stratum = np.unique(rows.stratum, return_inverse=True)
    count = np.bincount(stratum).astype(np.int64)
    table = pa.table({"id": rows.ids, "stratum": stratum})
    return AuditFrame(
        count, np.ones(len(kinds)), partial(apart_width, count, of=rows.of, folds=rows.folds),
        partial(apart_rows, apart=table, strata=len(kinds)), rows.mark,
    )  # fmt: skip


def risks_of(partition: Partition, artifacts: Artifacts, ref: DatasetRef) -> Risks:
    """Rows of a partition by their error probability."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["error_probability"])
    return Risks.of(scores["error_probability"].to_numpy())


def scored_rows(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, most: int, seed: int, strata: Strata
) -> ReviewCandidates:
    """Those of all rows of a partition."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id", "error_probability"])
    stratum = strata.of(scores["error_probability"].to_numpy())
    hashes = hash_ids(scores["id"].combine_chunks())
    return ReviewCandidates(Drawn.of(hashes, stratum, scores["row"].to_numpy(), len(strata.rows), most, seed))


def apart_rows(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, most: int, seed: int, apart: pa.Table,
    strata: int,
) -> ReviewCandidates:  # fmt: skip
    """Those of the rows of a partition on which models differ."""
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id"])
    found = pc.index_in(scores["id"], value_set=apart["id"].combine_chunks())
    here = scores.filter(found.is_valid())
    stratum = apart["stratum"].take(found.drop_null()).to_numpy()
    hashes = hash_ids(here["id"].combine_chunks())
    return ReviewCandidates(Drawn.of(hashes, stratum, here["row"].to_numpy(), strata, most, seed))


def changed_rows(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, most: int, seed: int, treated_by: DatasetRef
) -> ReviewCandidates:
    """Those of the rows of a partition whose label was changed."""
    partition = next(part for part in treated_by.partitions if part.key == partition.key)
    name = artifacts.treated(treated_by, partition)
    treated = artifacts.store.read_table(name, ["row", "id", "label", "action"])
    treated = treated.filter(pc.equal(treated["action"], RELABEL))
    row, hashes = treated["row"].to_numpy(), hash_ids(treated["id"].combine_chunks())
    drawn = Drawn.of(hashes, np.zeros(len(row), np.int64), row, 1, most, seed)
    return ReviewCandidates(drawn, dict(zip(row.tolist(), treated["label"].to_pylist(), strict=True)))
