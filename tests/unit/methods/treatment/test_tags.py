"""From edits of tags to treated sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.tokens.edits import Edits
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.tags import edit_claims, treat_tags
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust

GIVEN = np.array([0, 1, 2, 0, 0, 1, 0], np.int32)
SUGGESTION = np.array([0, 0, 0, 1, 0, 1, 1], np.int32)
OFFSETS = np.array([0, 4, 6, 7])
EDITS = Edits(
    np.array([1, 3, 6]), np.array([3, 4, 7]),
    *(np.array(each, np.float32) for each in ([0.95, 0.6, 0.9], [0.95, 0.55, 0.85], [0.9, 0.5, 0.85])),
)  # fmt: skip
COUNT = np.array([900.0, 50.0, 50.0])


def policy(objective: Chosen, mode: str = "both") -> Policy:
    return Policy(mode, objective, (Chosen("right"),), 10, 0.1)  # type: ignore[arg-type]


def treated(chosen: Policy, count: np.ndarray = COUNT) -> tuple[list[int], list[int], list[float]]:
    hashed = np.arange(3, dtype=np.uint64)
    claims = edit_claims(EDITS, GIVEN, SUGGESTION, OFFSETS, chosen, count, hashed)
    cut = cut_of(claims, chosen, Trust(), 3)
    done = treat_tags(GIVEN, SUGGESTION, OFFSETS, EDITS, claims, cut, chosen)
    return done.tags.tolist(), done.action.tolist(), done.weight.round(2).tolist()


def test_what_is_sure_is_taken_and_the_rest_waits() -> None:
    tags, action, weight = treated(policy(Chosen("threshold", {"threshold": 0.8})))
    assert tags == [0, 0, 0, 0, 0, 1, 1]  # the second edit of the first sentence isn't taken
    assert action == [1, 0, 1]  # relabel, keep, relabel
    assert weight == [pytest.approx(0.45), 1.0, 1.0]


def test_a_budget_takes_the_surest() -> None:
    tags, action, _ = treated(policy(Chosen("budget", {"budget": 1})))
    assert tags == [0, 0, 0, 0, 0, 1, 0]
    assert action == [1, 0, 2]


def test_a_promise_rests_on_what_is_borne_out() -> None:
    claims = edit_claims(
        EDITS,
        GIVEN,
        SUGGESTION,
        OFFSETS,
        policy(Chosen("precision", {"precision": 0.9})),
        COUNT,
        np.zeros(3, np.uint64),
    )
    assert claims.claim.tolist() == EDITS.claim.tolist()
    assert claims.given.tolist() == [1, 0, 0] and claims.suggestion.tolist() == [0, 1, 1]


def test_what_is_equal_is_ordered_alike_however_sentences_are_cut_into_partitions() -> None:
    chosen, hashed = policy(Chosen("budget", {"budget": 1})), np.array([7, 8, 9], np.uint64)
    whole = edit_claims(EDITS, GIVEN, SUGGESTION, OFFSETS, chosen, COUNT, hashed)
    last = Edits(*(np.array(value[2:]) for value in vars(EDITS).values()))
    last = replace(last, start=last.start - 6, end=last.end - 6)
    alone = edit_claims(last, GIVEN[6:], SUGGESTION[6:], np.array([0, 1]), chosen, COUNT, hashed[2:])
    assert alone.sureness.tolist() == whole.sureness[2:].tolist()


def test_no_tag_of_few_tokens_changes() -> None:
    tags, _, weight = treated(policy(Chosen("threshold", {"threshold": 0.5})), np.array([900.0, 50.0, 9.0]))
    assert tags[1:3] == [1, 2]
    assert weight[0] == 1.0


def test_where_labels_stay_no_tag_changes() -> None:
    tags, action, _ = treated(policy(Chosen("threshold", {"threshold": 0.5}), "reweight"))
    assert tags == GIVEN.tolist() and action == [0, 0, 0]
