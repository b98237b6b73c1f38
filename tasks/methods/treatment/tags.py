"""From edits of tags to treated sentences: each may be taken without the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.tokens.edits import Edits, taken
from labelworks.tasks.methods.tokens.sentences import sentence_at
from labelworks.tasks.methods.treatment.by_flag import decisions, weights
from labelworks.tasks.methods.treatment.claims import BELOW_FLOAT32, JudgedLabels
from labelworks.tasks.methods.treatment.cut import Cut
from labelworks.tasks.methods.treatment.policy import Policy


@dataclass(frozen=True, eq=False)
class TreatedTags:
    """Sentences (S,) treated: tags (N,) of all tokens; codes of action and reason (S,); weight (S,)."""

    tags: NDArray[np.int32]
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    weight: NDArray[np.float32]


def edit_claims(
    edits: Edits,
    given: NDArray[np.integer],
    suggestion: NDArray[np.integer],
    offsets: NDArray[np.int64],
    policy: Policy,
    tokens_by_class: NDArray[np.floating],
    hashed: NDArray[np.uint64],
) -> JudgedLabels:
    """What is claimed of edits (M,): that all suggested tags of one are right.

    An edit is of the class of its first tag that differs. given, suggestion (N,): tags of all tokens, of
    sentences at offsets (S + 1,).
    tokens_by_class (K,): nothing changes into or out of a class of fewer than `policy.min_class_rows`.
    hashed (S,): of the id of each sentence; equal claims are ordered by it, and by the place in the sentence.
    """
    small = tokens_by_class < policy.min_class_rows
    differs = given != suggestion
    rare = np.concatenate([[0], np.cumsum(differs & (small[given] | small[suggestion]))])
    place = np.flatnonzero(differs)
    first = place[np.searchsorted(place, edits.start)] if len(edits.start) else edits.start
    claim = edits.claim if policy.promised is not None else edits.suggested
    sentence = sentence_at(edits.start, offsets)
    within = (edits.start - offsets[sentence]).astype(np.uint64)
    with np.errstate(over="ignore"):
        ties = hashes(hashed[sentence] + within).astype(np.float64) * BELOW_FLOAT32
    return JudgedLabels(
        given[first].astype(np.int32), np.ones(len(first), bool), suggestion[first].astype(np.int32),
        edits.error_probability, edits.suggested, claim, few=rare[edits.end] > rare[edits.start],
        tie_break=ties,
    )  # fmt: skip


def treat_tags(
    given: NDArray[np.integer],
    suggestion: NDArray[np.integer],
    offsets: NDArray[np.int64],
    edits: Edits,
    claims: JudgedLabels,
    cut: Cut,
    policy: Policy,
) -> TreatedTags:
    """Take the edits that are surely right; a sentence with another goes to review, if none was taken.

    Tags (N,) of sentences at offsets (S + 1,). A sentence weighs less by what is claimed of its most doubtful
    tags; a class of few tokens lowers no weight.
    """
    sentences = len(offsets) - 1
    sure = claims.changeable & cut.allows(claims) & policy.relabels
    sentence = sentence_at(edits.start, offsets)
    changed, doubted = (np.bincount(sentence[rows], minlength=sentences) > 0 for rows in (sure, claims.flag))
    left = np.zeros(sentences, np.float32)
    np.maximum.at(left, sentence, np.where(sure | claims.few, np.float32(0), claims.claim))
    action, reason = decisions(changed, doubted, policy)
    tags = taken(given, suggestion, edits.start, edits.end, sure)
    return TreatedTags(tags, action, reason, weights(left, policy))
