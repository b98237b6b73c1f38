"""Vectors of several kinds as one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from labelworks.tasks.methods.encoders import side_by_side as joining
from labelworks.tasks.methods.encoders.side_by_side import (
    Placing,
    joined_contents,
    joined_reasons,
    side_by_side,
)

RNG = np.random.default_rng(0)


def test_rows_lie_as_far_apart_in_each_kind_whatever_its_unit_and_where_its_mean_is() -> None:
    far = (5.0 + 0.01 * RNG.normal(size=(300, 8))).astype(np.float32)
    wide = (1000.0 * RNG.normal(size=(300, 3))).astype(np.float32)

    joined = side_by_side([far, wide], [Placing.of(far), Placing.of(wide)])

    apart = [np.mean(pdist(joined[:, :8]) ** 2), np.mean(pdist(joined[:, 8:]) ** 2)]
    assert joined.dtype == np.float32
    assert apart == pytest.approx([2.0, 2.0], rel=0.01)


def test_a_row_is_placed_the_same_whatever_is_beside_it() -> None:
    rows = RNG.normal(size=(40, 4)).astype(np.float16)
    placing = Placing.of(rows[:20])

    assert np.array_equal(placing.placed(rows)[30:], placing.placed(rows[30:]))
    assert side_by_side([rows, rows], [placing, placing]).dtype == np.float16


def test_rows_are_joined_in_blocks_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [RNG.normal(size=(40, 4)).astype(np.float16), RNG.normal(size=(40, 3)).astype(np.float32)]
    placings = [Placing.of(part) for part in parts]
    whole = np.hstack([placing.placed(part) for placing, part in zip(placings, parts, strict=True)])

    monkeypatch.setattr(joining, "BLOCK", 7)
    assert np.array_equal(side_by_side(parts, placings), whole)
    assert side_by_side([part[:0] for part in parts], placings).shape == (0, 7)


def test_a_kind_that_is_the_same_in_all_rows_says_nothing() -> None:
    same = np.full((10, 2), 3.0, np.float32)

    assert not side_by_side([same], [Placing.of(same)]).any()
    assert Placing.of(same[:0]).spread == 0


def test_contents_are_equal_where_all_kinds_are_and_each_kind_keeps_its_place() -> None:
    one, other = np.array([1, 1, 2, 1], np.uint64), np.array([5, 5, 5, 6], np.uint64)
    both = joined_contents([one, other])

    assert both[0] == both[1]
    assert len(np.unique(both)) == 3
    assert not np.array_equal(both, joined_contents([other, one]))


def test_the_reason_of_a_row_names_the_kind_that_it_lacks() -> None:
    reasons = joined_reasons(["text", "image"], [[None, "null text", None], ["no image", None, None]])

    assert reasons == ["image: no image", "text: null text", None]
