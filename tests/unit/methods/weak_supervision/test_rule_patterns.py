"""What rules say, counted part by part, is what they say of all."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelworks.tasks.methods.weak_supervision import Patterns, RuleSums

VOTES = arrays(np.int32, st.tuples(st.integers(0, 40), st.just(4)), elements=st.integers(-1, 2))


@given(VOTES, VOTES)
def test_sums_of_parts_are_those_of_the_whole(one: np.ndarray, other: np.ndarray) -> None:
    """Rows, rules and patterns, whichever part comes first."""
    whole, added = RuleSums.of(np.concatenate([one, other])), RuleSums.of(other) + RuleSums.of(one)
    for name in ("rows", "conflicted", "covered"):
        assert getattr(whole, name) == getattr(added, name)
    for name in ("fires", "overlaps", "conflicts", "failed"):
        assert (getattr(whole, name) == getattr(added, name)).all()
    assert (whole.patterns.answers == added.patterns.answers).all()
    assert (whole.patterns.rows == added.patterns.rows).all()


def test_coverage_overlaps_and_conflicts_are_of_rows() -> None:
    """Against a count by hand."""
    votes = np.array([[0, 0, -1], [0, 1, -1], [-1, -1, -1], [-1, -1, 1], [0, 0, 1]])
    sums = RuleSums.of(votes, failed=[0, 2, 0])
    assert sums.fires.tolist() == [3, 3, 2]
    assert sums.overlaps.tolist() == [3, 3, 1]
    assert sums.conflicts.tolist() == [2, 2, 1]
    assert (sums.rows, sums.covered, sums.conflicted) == (5, 4, 2)
    assert sums.failed.tolist() == [0, 2, 0]


def test_patterns_beyond_what_is_held_are_a_sample_by_chance() -> None:
    """Whatever the parts were; a pattern that is held is counted in full."""
    votes = np.random.default_rng(0).integers(-1, 3, (3000, 8)).astype(np.int32)
    whole = Patterns.of(votes, held=200)
    parts = Patterns.of(votes[:1700], held=200) + Patterns.of(votes[1700:], held=200)
    assert len(whole.rows) == 200
    held = np.isin(whole.hashes, parts.hashes)
    assert held.sum() == len(parts.hashes[parts.hashes <= whole.below])
    for answers, rows in zip(whole.answers, whole.rows, strict=True):
        assert (votes == answers).all(axis=1).sum() == rows
