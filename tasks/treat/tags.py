"""Treat, of tags of tokens: take what is surely right of the suggested ones, so that the scheme is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import lists_at, offsets_in
from labelworks.tasks.methods.statistics.folds import hash_ids
from labelworks.tasks.methods.tokens.edits import Edits
from labelworks.tasks.methods.tokens.sentences import sentence_of
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.tags import TreatedTags, edit_claims, treat_tags
from labelworks.tasks.treat.people.decided import with_settled
from labelworks.tasks.treat.treated import Basis, ByClass, treated_table

READ = ["row", "id", "given", "suggestion", "score", "edits"]


@dataclass(frozen=True, eq=False)
class ScoredTags:
    """Scores of the sentences of a partition: their tags (N,) at offsets (S + 1,), and edits of these."""

    scores: pa.Table

    @classmethod
    def read(cls, artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> ScoredTags:
        """Of a partition."""
        return cls(artifacts.store.read_table(artifacts.scores(ref, partition), READ).combine_chunks())

    @cached_property
    def given(self) -> NDArray[np.int32]:
        """The given tags (N,)."""
        return np.asarray(self.scores["given"].combine_chunks().flatten().to_numpy())

    @cached_property
    def suggestion(self) -> NDArray[np.int32]:
        """The suggested ones (N,)."""
        return np.asarray(self.scores["suggestion"].combine_chunks().flatten().to_numpy())

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Of the sentences (S + 1,)."""
        return offsets_in(self.scores["given"])

    @cached_property
    def edits(self) -> Edits:
        """All edits, by tokens of the partition."""
        held = self.scores["edits"].combine_chunks().flatten()
        first = self.offsets[self.sentence]
        start, end = (held.field(name).to_numpy() + first for name in ("start", "end"))
        probabilities = (held.field(name).to_numpy() for name in ("error_probability", "suggested", "claim"))
        return Edits(start, end, *probabilities)

    @cached_property
    def sentence(self) -> NDArray[np.int64]:
        """The sentence of each edit (M,)."""
        return sentence_of(offsets_in(self.scores["edits"]))

    def claims(self, basis: Basis) -> JudgedLabels:
        """What is claimed of the edits (M,)."""
        hashed, few = hash_ids(self.scores["id"].combine_chunks()), basis.rows_by_class
        return edit_claims(self.edits, self.given, self.suggestion, self.offsets, basis.policy, few, hashed)

    def treated(self, basis: Basis) -> TreatedTags:
        """What is decided on the sentences."""
        claims = self.claims(basis)
        return treat_tags(
            self.given, self.suggestion, self.offsets, self.edits, claims, basis.cut, basis.policy
        )


def treat_sentences(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, settled: pa.Table | None
) -> pa.Table:
    """Decide on the sentences of a partition by their scores and the cut of the dataset."""
    scored = ScoredTags.read(artifacts, ref, partition)
    done = scored.treated(basis)
    label = lists_at(scored.offsets, pa.array(done.tags))
    return with_settled(treated_table(scored.scores, label, done, basis), settled)


def trust_in_tags(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis
) -> NDArray[np.float32]:
    """P(the tags after treatment are right) (n,) of the sentences of a partition."""
    return ScoredTags.read(artifacts, ref, partition).treated(basis).weight


def judged_edits(partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis) -> JudgedLabels:
    """What is claimed of each edit of a partition."""
    return ScoredTags.read(artifacts, ref, partition).claims(basis)


def by_class(table: pa.Table, ref: DatasetRef) -> ByClass:
    """Tokens of each tag before and after, and what their sentences weigh after."""
    classes = len(ref.classes)
    given, label = (table[name].combine_chunks().flatten().to_numpy() for name in ("given", "label"))
    weight = np.repeat(table["weight"].to_numpy().astype(np.float64), np.diff(offsets_in(table["label"])))
    return ByClass(
        np.bincount(given, minlength=classes),
        np.bincount(label, minlength=classes),
        np.bincount(label, weight, minlength=classes).astype(np.float64),
    )
