"""Answers to a sample of changes as audited rows: they prove the precision of just these changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.percentages import percent
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.stage_results import TreatResult
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.estimates import design_of
from labelworks.tasks.artifacts.decisions.samples import largest_sample, standing
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.statistics.fixed_sequence import needed_rows
from labelworks.tasks.treat.people.audited_rows import LookedAt, change_hashes

DESIGN, RELABEL = "changes", ACTIONS[1]


@dataclass(frozen=True)
class SampledChanges:
    """Audited rows by a sample of changes; None: it says nothing, and why, where there is one."""

    looked: LookedAt | None = None
    says: str = ""


def sampled_changes(
    artifacts: Artifacts, ref: DatasetRef, decisions: Sequence[RowDecision], precision: float
) -> SampledChanges:
    """The sample of changes with most answers, with the changes that it was drawn from: others it proves not.

    A row that people were unsure of counts as one whose change is wrong. Answers to rows that hold something
    else by now don't count. Fewer answers than a proof takes if all are right are not heard.
    """
    sample = largest_sample(
        decision for decision in decisions if decision.sample and design_of(decision.sample) == DESIGN
    )
    if not sample:
        return SampledChanges()
    given = standing(artifacts, ref, sample)
    needed = needed_rows(precision)
    if len(given) < needed:
        return SampledChanges(
            says=f"{len(given):,} answers to a sample of changes are too few to prove a precision of "
            f"{percent(precision)}: that takes {needed:,} or more"
        )
    drawn_by = Artifacts(artifacts.store, artifacts.dataset, sample[next(iter(given))].run)
    treated = drawn_by.result(TreatResult)
    if treated is None:
        return SampledChanges(
            says=f"answers to a sample of changes don't count: the run {drawn_by.id!r} that drew it is gone"
        )
    named = {name: _right(sample[name], label) for name, label in given.items()}
    return SampledChanges(LookedAt.of(named, ref.classes, _changes(drawn_by, treated.ref, ref)))


def _right(decision: RowDecision, given: str) -> str:
    """The class that people named; empty where they named none, or aren't sure."""
    if decision.answer == "keep":
        return given
    return decision.classes[0] if decision.answer == "class" else ""


def _changes(drawn_by: Artifacts, treated_by: DatasetRef, ref: DatasetRef) -> NDArray[np.uint64]:
    """Hashes of the changes that a run would make, in rising order: 8 bytes each."""
    codes = {name: code for code, name in enumerate(ref.classes)}
    now = np.array([codes.get(name, -1) for name in treated_by.classes], np.int64)
    parts = map_partitions(
        "treat", changes_of, treated_by.of("source"), unit="partitions of the audited run read",
        artifacts=drawn_by, ref=treated_by, now=now,
    )  # fmt: skip
    return np.sort(np.concatenate(parts))


def changes_of(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, now: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Hashes of a partition's changes; now (K,): the codes that its classes have by now."""
    treated = artifacts.store.read_table(artifacts.treated(ref, partition), ["id", "label", "action"])
    changed: pa.Table = treated.filter(pc.equal(treated["action"], RELABEL))
    return change_hashes(changed["id"], now[changed["label"].to_numpy()])
