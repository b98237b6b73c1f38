"""How likely rows are of a known class: by labelled neighbours, against windows with and without others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labelworks.tasks.methods.label_shift.pseudo.openness import Neighbourhoods, known_shares

CELLS = 11


def rows(counts: NDArray[np.integer[Any]], best: Any, weight: float = 1.0) -> Neighbourhoods:
    return Neighbourhoods(np.broadcast_to(best, counts.shape), counts, np.full(len(counts), weight))


def test_rows_without_labelled_neighbours_are_doubted_where_chance_does_not_explain_them() -> None:
    rng = np.random.default_rng(0)
    hidden, window = rng.binomial(10, 0.45, 300), rng.binomial(10, 0.45, 200)
    strange = np.concatenate([window, rng.binomial(10, 0.03, 100)])
    best = np.zeros(300, np.intp)
    closed = known_shares(rows(hidden, best), rows(window, best[:200]), 1, CELLS)[0]
    known = known_shares(rows(hidden, best), rows(strange, best), 1, CELLS)[0]
    assert closed.min() > 0.9
    assert known[0] < 0.1 and known[4:].min() > 0.95
    assert (1 - known)[strange].sum() == pytest.approx(100, abs=15)


def test_a_class_is_doubted_by_its_own_rows_alone() -> None:
    rng = np.random.default_rng(1)
    hidden = rows(rng.binomial(10, 0.4, 400), np.repeat([0, 1], 200))
    mixed = np.where(np.arange(400) < 100, 0, rng.binomial(10, 0.4, 400))
    known = known_shares(hidden, rows(mixed, np.repeat([0, 1], 200)), 2, CELLS)
    assert known[0, 0] < 0.1 and known[1].min() > 0.9


def test_few_rows_leave_it_open_and_so_does_a_class_whose_known_rows_have_none_either() -> None:
    rng = np.random.default_rng(2)
    none, hidden = np.zeros(300, np.intp), rng.binomial(10, 0.4, 300)
    window = rows(none[:100], none[:100])
    few = known_shares(rows(hidden[:3], none[:3]), rows(none[:2], none[:2]), 1, CELLS)[0, 0]
    many = known_shares(rows(hidden, none), window, 1, CELLS)[0, 0]
    assert many < 0.1 < 0.3 < few
    alike = rows(none, none)
    assert known_shares(alike, window, 1, CELLS)[0, 0] > 0.9


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10)), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10)), min_size=1, max_size=40),
    st.floats(0.01, 100),
)
def test_they_are_shares_that_grow_with_labelled_neighbours(hidden: Any, window: Any, weight: float) -> None:
    (best, count), (theirs, seen) = np.array(hidden).T, np.array(window).T
    known = known_shares(rows(count, best, weight), rows(seen, theirs), 4, CELLS)
    assert known.shape == (4, CELLS) and (known >= 0).all() and (known <= 1).all()
    assert (np.diff(known, axis=1) >= -1e-9).all()
    same = known_shares(rows(count, best), rows(seen, theirs), 4, CELLS)
    assert known == pytest.approx(same)
