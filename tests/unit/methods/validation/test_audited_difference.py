"""What people say of rows that two models call differently, against the truth of them all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelworks.tasks.methods.validation.audited import Apart, apart_width, audited_difference
from labelworks.tasks.methods.validation.before_after import Proof
from labelworks.tasks.methods.validation.disagreements import Estimate
from labelworks.tasks.methods.validation.publish_when import why_not


def called(rows: int, seed: int, better: float = 0.5) -> tuple[np.ndarray, Apart]:
    """True classes, and two models that differ on a tenth of the rows; the treated one is right so often."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 5, rows)
    given = np.where(rng.random(rows) < 0.2, rng.integers(0, 5, rows), true)
    raw, treated = true.copy(), true.copy()
    differ = np.flatnonzero(rng.random(rows) < 0.1)
    wins = rng.random(len(differ)) < better
    raw[differ[wins]] = (true[differ[wins]] + 1) % 5
    treated[differ[~wins]] = (true[differ[~wins]] + 2) % 5
    return true, Apart.of_calls(given, raw, treated, 5)


def looked(apart: Apart, true: np.ndarray, count: int, rng: np.random.Generator) -> Any:
    rows = rng.choice(len(apart.place), count, replace=False)
    return audited_difference(apart, rows.tolist(), [{int(true[apart.place[row]])} for row in rows])


def test_all_rows_looked_at_give_the_difference_of_all() -> None:
    true, apart = called(1000, 0, 0.7)
    found = looked(apart, true, len(apart.place), np.random.default_rng(0))
    at = apart.place
    exact = (np.sum(apart.treated == true[at]) - np.sum(apart.raw == true[at])) / 1000
    assert found.value == pytest.approx(exact)
    assert found.here == pytest.approx((exact, exact))
    assert found.low < exact < found.high  # other rows would have given another
    assert audited_difference(apart, [], []) is None
    width = apart_width(apart.rows, apart.rows, of=apart.of, folds=5)
    assert width == pytest.approx(found.high - found.low, rel=0.3)


@pytest.mark.parametrize("better", [0.3, 0.5, 0.9])
def test_intervals_of_sixty_looks_cover(better: float) -> None:
    rng, covered, here = np.random.default_rng(1), 0, 0
    for seed in range(200):
        true, apart = called(2000, seed, better)
        found = looked(apart, true, 60, rng)
        covered += found.low <= 0.1 * (2 * better - 1) <= found.high
        right = [np.mean(calls == true[apart.place]) for calls in (apart.treated, apart.raw)]
        here += found.here[0] <= len(apart.place) / 2000 * (right[0] - right[1]) <= found.here[1]
    assert covered >= 190
    assert here >= 184


def test_the_mark_is_of_rows_and_calls_in_any_order() -> None:
    _, apart = called(300, 0)
    hashes = np.arange(len(apart.place), dtype=np.uint64) * np.uint64(977)
    back = slice(None, None, -1)
    turned = Apart(
        apart.place[back], apart.raw[back], apart.treated[back], apart.stratum[back], apart.of, apart.folds
    )
    assert turned.mark(hashes[back]) == apart.mark(hashes)
    other = Apart(apart.place, apart.treated, apart.raw, apart.stratum, apart.of, apart.folds)
    assert other.mark(hashes) != apart.mark(hashes)


@pytest.mark.parametrize(
    ("gain", "audit", "published"),
    [
        (0.0, (0.01, 0.03), True),
        (0.0, (-0.01, 0.03), False),
        (0.1, (-0.03, -0.01), False),
        (0.1, (-0.01, 0.01), True),
        (-0.1, (0.01, 0.03), True),
    ],
)
def test_people_decide_beside_the_scores(gain: float, audit: tuple[float, float], published: bool) -> None:
    from labelworks.tasks.methods.audit.difference import AuditedSample

    said = AuditedSample(sum(audit) / 2, *audit, 60)
    proof = Proof(0.8, 0.81, 0.8, 0.8, -0.01, 0.03, 1000, False, Estimate(gain, 0.01), audit=said)
    assert (why_not(proof, None) == "") == published
    assert (why_not(proof, 0.02) == "") == (audit[0] >= -0.02)


@pytest.mark.parametrize(
    ("here", "margin", "why"),
    [
        ((-0.02, -0.001), None, "on the rows compared"),
        ((-0.02, 0.001), None, ""),
        ((-0.02, -0.001), 0.02, ""),
        ((-0.05, -0.03), 0.02, "on the rows compared"),
    ],
)
def test_what_people_find_worse_on_the_rows_compared_is_not_published(
    here: tuple[float, float], margin: float | None, why: str
) -> None:
    from labelworks.tasks.methods.audit.difference import AuditedSample

    said = AuditedSample(-0.01, -0.06, 0.03, 60, here)
    proof = Proof(0.8, 0.81, 0.8, 0.8, 0.005, 0.03, 1000, False, Estimate(0.1, 0.01), audit=said)
    found = why_not(proof, margin)
    assert found.startswith(why) if why else not found
