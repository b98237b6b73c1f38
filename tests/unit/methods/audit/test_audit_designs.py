"""Audits: who is shown, with what probability, and what the answers say, against simple and slow ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.audit.allocation import allocated, needed_looks
from labelworks.tasks.methods.audit.difference import Looked, difference
from labelworks.tasks.methods.audit.draw import Drawn
from labelworks.tasks.methods.audit.share import expected_width
from labelworks.tasks.methods.audit.strata import ProxySums, Strata, proxy_strata


def scored(rows: int, rate: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Error probabilities that are right, and which labels are wrong."""
    rng = np.random.default_rng(seed)
    error = rng.beta(0.05 + rate, 1.0, rows)
    error = np.clip(error * rate / error.mean(), 0, 1)
    return error, rng.random(rows) < error


@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 0.5)), min_size=1, max_size=9), st.integers(1, 900)
)
def test_looks_add_up_and_no_stratum_has_more_than_rows(strata: list[tuple[int, float]], looks: int) -> None:
    rows, spread = np.array(strata).T
    least = int(np.minimum(rows, 2).sum())
    if min(looks, rows.sum()) < least:
        with pytest.raises(ConfigError, match="too few"):
            allocated(rows, spread, looks)
        return
    found = allocated(rows, spread, looks)
    assert found.sum() == min(looks, rows.sum())
    assert (found <= rows).all()
    assert (found >= np.minimum(rows, 2)).all()


def test_half_the_looks_go_by_rows_and_half_by_neyman() -> None:
    found = allocated([9000, 1000], [0.1, 0.5], 200)
    assert found.tolist() == [90 + round(100 * 900 / 1400), 10 + round(100 * 500 / 1400)]


def test_strata_merge_over_parts_and_hold_every_row() -> None:
    error, _ = scored(5000, 0.1)
    whole = proxy_strata(ProxySums.of(error), 200)
    parts = proxy_strata(ProxySums.merged([ProxySums.of(error[:100]), ProxySums.of(error[100:])]), 200)
    assert whole.rows.tolist() == parts.rows.tolist()
    assert np.bincount(whole.of(error)).tolist() == whole.rows.tolist()
    assert (whole.rows.sum(), len(whole.rows)) == (5000, 20)
    assert (np.diff(whole.likely) > 0).all()
    assert whole.likely @ whole.rows == pytest.approx(np.clip(error, 1e-6, 1 - 1e-6).sum())
    assert proxy_strata(ProxySums.of(np.zeros(7)), 200).rows.tolist() == [7]
    assert len(proxy_strata(ProxySums.of(error), 1).rows) == 1


def test_a_draw_is_the_same_in_parts_and_larger_ones_hold_smaller_ones() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, 3000).astype(np.uint64)
    stratum = np.arange(3000) % 3
    whole = Drawn.of(hashes, stratum, np.arange(3000), 3, 50, 7)
    parts = [
        Drawn.of(hashes[a:b], stratum[a:b], np.arange(a, b), 3, 50, 7) for a, b in ((0, 1000), (1000, 3000))
    ]
    merged = Drawn.merged(parts, np.full(3, 50))
    assert set(merged.place) == set(whole.place)
    assert merged.part is not None
    assert ((merged.place >= 1000) == merged.part).all()
    assert (merged.mark, merged.rows.tolist()) == (whole.mark, [1000] * 3)
    few = whole.first(np.array([5, 0, 10]))
    assert np.bincount(few.stratum, minlength=3).tolist() == [5, 0, 10]
    assert set(few.place) <= set(whole.place)
    assert set(Drawn.of(hashes, stratum, np.arange(3000), 3, 50, 8).place) != set(whole.place)


def test_every_row_is_as_likely_to_be_drawn() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**63, 40).astype(np.uint64)
    count = np.zeros(40)
    for seed in range(600):
        count[Drawn.of(hashes, np.zeros(40, int), np.arange(40), 1, 10, seed).place] += 1
    assert count.sum() == 6000
    assert chisquare(count).pvalue > 0.01


def test_the_difference_is_of_all_rows_and_counts_what_is_unseen() -> None:
    rng = np.random.default_rng(0)
    values, stratum = rng.choice([-1.0, 0.0, 1.0], 120, p=[0.2, 0.1, 0.7]), np.arange(120) % 2
    every = difference(Looked.of(stratum, np.full(120, 60), values), 2000)
    assert every.value == pytest.approx(values.sum() / 2000)
    assert every.low == every.high == every.value
    covered, widths = 0, []
    for _ in range(300):
        drawn = np.concatenate([rng.choice(np.flatnonzero(stratum == h), 15, replace=False) for h in (0, 1)])
        found = difference(Looked.of(stratum[drawn], np.full(30, 60), values[drawn]), 2000)
        covered += found.low <= every.value <= found.high
        widths.append(found.high - found.low)
    assert covered >= 280
    assert np.mean(widths) < 0.035
    looked = Looked.of(stratum, np.full(120, 60), values)
    assert difference(looked, 2000, beyond=1.0).low < every.low


def test_says_how_many_looks_a_width_takes() -> None:
    def expected(looks: int) -> float:
        strata = Strata(np.zeros(1, int), np.array([10**6]), np.array([0.2]), np.array([0.4]))
        return expected_width(strata, np.array([looks]))

    looks = needed_looks(0.1, expected)
    assert expected(looks) <= 0.1 < expected(looks - 5)
    with pytest.raises(ConfigError, match="so narrow"):
        needed_looks(0.001, expected, 500)
