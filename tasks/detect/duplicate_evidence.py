"""Copies that bear different labels: heard after a row was judged by itself, and kept in its scores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import dense_lists
from labelworks.tasks.methods.duplicates.label_evidence import one_class_share, weigh_copies
from labelworks.tasks.methods.noise.core.result import best_class, score_of


@dataclass(frozen=True)
class DuplicateEvidence:
    """Rows whose copies bear another label. members: by partition, its rows and their groups.

    counts (G, K): labels in each group; together (G,): P(the group is of one class); transition (K, K);
    shares (K,) of the labels; threshold: the error probability over which the noise method flags.
    """

    members: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    counts: csr_array
    together: NDArray[np.float64]
    transition: NDArray[np.float64]
    shares: NDArray[np.float64]
    threshold: float

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(len(rows) for rows, _ in self.members.values())

    def named(self, ref: DatasetRef) -> DatasetRef:
        """The reference whose partitions say by a hash what copies say of them: their scores are named so."""
        keys = {key: self._key(key) for key in self.members}
        marked = (
            partition.model_copy(
                update={"copies": keys.get(partition.key, "") if partition.window == "source" else ""}
            )
            for partition in ref.partitions
        )
        return ref.model_copy(update={"partitions": tuple(marked)})

    def _key(self, partition: str) -> str:
        rows, group = self.members[partition]
        counts = self.counts[group]
        said = (rows, counts.indptr, counts.indices, counts.data, self.together[group], self.transition)
        digest = hashlib.blake2b(repr(self.threshold).encode(), digest_size=5)
        for values in (*said, self.shares):
            digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()


def duplicate_evidence(
    artifacts: Artifacts,
    ref: DatasetRef,
    transition: NDArray[np.float64],
    shares: NDArray[np.float64],
    threshold: float,
) -> DuplicateEvidence:
    """The copies with two labels that the embed stage found, and how far to believe them."""
    table = artifacts.store.read_table(artifacts.file("embed", "duplicates.parquet"))
    given, conflict, near = (
        table[name].to_numpy(zero_copy_only=False) for name in ("given", "conflict", "near")
    )
    _, group = np.unique(table["group"].to_numpy(), return_inverse=True)
    shape = (int(group.max(initial=-1)) + 1, len(shares))
    counts = csr_array((np.ones(len(group)), (group, given)), shape=shape)
    of_near = np.zeros(shape[0], bool)
    of_near[group] = near
    together = np.ones(shape[0])
    for kind in (False, True):
        of_kind = np.flatnonzero(of_near == kind)
        together[of_kind] = one_class_share(counts[of_kind], transition)
    part, row = table["part"].to_numpy(), table["row"].to_numpy()
    members = {}
    for place in np.unique(part[conflict]).tolist():
        rows = np.flatnonzero(conflict & (part == place))
        rows = rows[np.argsort(row[rows])]
        members[ref.of("source")[place].key] = row[rows].astype(np.int64), group[rows]
    return DuplicateEvidence(members, counts, together, transition, shares, threshold)


def apply_evidence(scores: pa.Table, partition: Partition, found: DuplicateEvidence) -> pa.Table:
    """The scores (SCORES) of a partition with those rows judged again whose copies disagree."""
    rows, group = found.members[partition.key]
    known = np.isin(rows, scores["row"].to_numpy())
    rows, group = rows[known], group[known]
    place = np.searchsorted(scores["row"].to_numpy(), rows)
    heard = _again(scores.take(pa.array(place)), group, found)
    for name, values in heard.items():
        at, column = scores.column_names.index(name), scores[name].combine_chunks()
        kept = _posterior(column) if name == "posterior" else column.to_numpy(zero_copy_only=False)
        changed = np.array(kept)
        changed[place] = values
        made = dense_lists(changed) if name == "posterior" else pa.array(changed)
        scores = scores.set_column(at, scores.schema.field(at), made)
    return scores


def _posterior(column: pa.Array) -> NDArray[np.float32]:
    return np.asarray(column.flatten().to_numpy().reshape(len(column), -1))


def _again(before: pa.Table, group: NDArray[np.int64], found: DuplicateEvidence) -> dict[str, NDArray[Any]]:
    """Columns of the rows with what their copies say."""
    given, error, score = (before[name].to_numpy() for name in ("given", "error_probability", "score"))
    known = before["posterior"].combine_chunks()
    posterior = None if known.null_count else _posterior(known)
    others = found.counts[group].toarray()
    others[np.arange(len(given)), given] -= 1
    judged = weigh_copies(
        given, error, posterior, others, found.transition, found.shares, found.together[group]
    )
    now = expit(judged.error_odds)
    flag = now > found.threshold
    best = best_class(judged.posterior.astype(np.float32), given, flag)
    heard = {
        "error_probability": now.astype(np.float32),
        "flag": flag,
        "suggestion": best,
        "score": score_of(judged.error_odds) if posterior is not None else _scaled(score, error, now),
        "copies_disagree": np.ones(len(given), bool),
    }
    if posterior is None:
        return heard
    suggested = judged.posterior[np.arange(len(given)), best].astype(np.float32)
    return heard | {
        "posterior": judged.posterior.astype(np.float32),
        "suggested_probability": suggested,
        "claim": suggested,
    }


def _scaled(
    score: NDArray[np.float32], before: NDArray[np.float32], now: NDArray[np.float64]
) -> NDArray[np.float32]:
    """A score of its method's own kind, moved as the probability that the label is right."""
    return np.clip(score * (1 - now) / np.maximum(1 - before, 1e-6), 0, 1).astype(np.float32)
