"""Pseudo-labels: what is claimed of them against what was made, and where none may be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from labelworks.schemas.findings import ShiftFindings, TargetDrift
from labelworks.tasks.methods.findings.pseudo_labels import FEW, LOOK_DIFFERENT, why_none
from labelworks.tasks.methods.findings.target import TargetFindings
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.label_shift.pseudo import (
    KnownNoise,
    LabelledWindow,
    TargetWindow,
    fit_pseudo_labels,
)
from labelworks.tasks.methods.label_shift.pseudo.claims import (
    Hidden,
    PseudoClaims,
    agreement_chances,
    borne_transition,
)
from labelworks.tasks.methods.label_shift.pseudo.curriculum import surest
from labelworks.tasks.methods.label_shift.pseudo.labeller import cuts
from labelworks.tasks.methods.label_shift.pseudo.views import UNLABELLED, Bank, Views
from labelworks.tasks.methods.open_set.estimate import OpenSet

CENTRES = 2.2 * np.eye(4, 6)
EVEN, SKEWED = np.full(4, 0.25), np.array([0.7, 0.1, 0.1, 0.1])
FOLDS = 5


def drawn(rows: int, mix: Any, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Rows of four classes that overlap, and their classes."""
    rng = np.random.default_rng(seed)
    true = rng.choice(4, rows, p=mix)
    return (CENTRES[true] + rng.normal(size=(rows, 6))).astype(np.float32), true


def told(features: NDArray[np.floating], mix: Any = EVEN) -> NDArray[np.float32]:
    """P(class) as it is: no probe could do better."""
    logits = -np.square(features[:, None] - CENTRES).sum(axis=2) / 2 + np.log(mix)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


def learnt(given_labels: Any, source: Any, target: Any, transition: Any = None, **options: Any) -> Any:
    folds = np.arange(len(source)) % FOLDS
    probs: Callable[[Any, Any], Any] = lambda rows, _: told(target[rows])  # noqa: E731
    probs_of = (told(source), told(target))
    prior = estimate_prior(given_labels, *probs_of, method="em-bcts", noise_transition=transition)
    labelled = LabelledWindow(source, given_labels, told(source), folds)
    if transition is not None:
        odds = told(source) * transition[:, given_labels].T
        posterior = odds / odds.sum(axis=1, keepdims=True)
        labelled = replace(labelled, noisy=KnownNoise(posterior, transition))
    window = TargetWindow(target, np.arange(len(target)) % FOLDS, np.zeros(len(target)), probs)
    labeller = fit_pseudo_labels(labelled, window, prior, **options)
    return labeller, correct(told(target), prior).posterior


def test_as_many_are_right_as_is_claimed_and_asked_under_another_mix() -> None:
    (source, labels), (target, true) = drawn(900, EVEN, 1), drawn(900, SKEWED, 2)
    labeller, posterior = learnt(labels, source, target, precision=0.97)
    found, claims = labeller.label(target, posterior, np.zeros(len(target)))
    taken = found != UNLABELLED
    right = (found == true)[taken].mean()
    assert right > 0.96 and claims[taken].mean() == pytest.approx(right, abs=0.02)
    assert labeller.interval[0] <= labeller.precision <= labeller.interval[1]
    assert labeller.interval[0] < right < labeller.interval[1] + 0.01
    assert 0.5 < taken.mean() < 1
    assert set(found[taken]) == {0, 1, 2, 3}


def test_wrong_given_labels_make_no_claim_too_large() -> None:
    (source, labels), (target, true) = drawn(1000, EVEN, 3), drawn(900, SKEWED, 4)
    rng = np.random.default_rng(0)
    wrong = rng.random(1000) < 0.2
    noisy = np.where(wrong, (labels + rng.integers(1, 4, 1000)) % 4, labels)
    transition = np.full((4, 4), 0.2 / 3) + (0.8 - 0.2 / 3) * np.eye(4)
    labeller, posterior = learnt(noisy, source, target, transition, precision=0.95)
    found, claims = labeller.label(target, posterior, np.zeros(len(target)))
    taken = found != UNLABELLED
    assert taken.mean() > 0.4
    assert (found == true)[taken].mean() > claims[taken].mean() - 0.01


def test_a_row_of_no_known_class_gets_none_and_a_doubt_lowers_its_claim() -> None:
    (source, labels), (target, _) = drawn(600, EVEN, 5), drawn(400, EVEN, 6)
    labeller, posterior = learnt(labels, source, target, precision=0.8)
    before, sure = labeller.label(target, posterior, np.zeros(400))
    found, claims = labeller.label(target, posterior, np.full(400, 0.25))
    assert claims == pytest.approx(0.75 * sure, rel=0.01)  # as far as neighbours leave no doubt already
    assert (labeller.label(target, posterior, np.full(400, 0.6))[0] == UNLABELLED).all()
    assert (found == UNLABELLED).sum() > (before == UNLABELLED).sum()


def test_too_few_labelled_rows_bear_nothing_out() -> None:
    (source, labels), (target, _) = drawn(25, EVEN, 7), drawn(300, EVEN, 8)
    assert learnt(np.append(np.arange(4), labels[4:]), source, target)[0] is None


def test_claims_are_those_of_a_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(size=(4000, 2))
    chance = 1 / (1 + np.exp(-(0.5 + evidence @ [1.5, 0.7])))
    agrees, ones = rng.random(4000) < chance, np.ones(4000)
    best, none = np.zeros(4000, np.intp), np.stack([0 * ones, ones], axis=1)
    claims = PseudoClaims.fit(Hidden(evidence, best, agrees, none, ones, best), 1)
    expected = LogisticRegression(C=np.inf).fit(evidence, agrees).predict_proba(evidence)[:, 1]
    assert claims.of(evidence, best) == pytest.approx(expected, abs=0.005)


def test_known_noise_is_taken_out_of_claims() -> None:
    rng = np.random.default_rng(1)
    evidence, ones = rng.normal(size=(20_000, 1)), np.ones(20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-1 - 2 * evidence[:, 0]))
    agrees = rng.random(20_000) < np.where(right, 0.8, 0.05)
    best = np.zeros(20_000, np.intp)
    hidden = Hidden(evidence, best, agrees, np.stack([0.05 * ones, 0.8 * ones], axis=1), ones, best)
    claims = PseudoClaims.fit(hidden, 1).of(evidence, best)
    assert claims.mean() == pytest.approx(right.mean(), abs=0.01)
    low, high = np.quantile(evidence, [0.2, 0.8])
    for part in (evidence[:, 0] < low, evidence[:, 0] > high):
        assert claims[part].mean() == pytest.approx(right[part].mean(), abs=0.02)
    share, interval = hidden.precision()
    assert share == pytest.approx(right.mean(), abs=0.01) and interval[0] < share < interval[1]


def test_noise_is_believed_as_far_as_the_surest_rows_show_it() -> None:
    features, true = drawn(3000, EVEN, 9)
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(3000) < 0.3, (true + rng.integers(1, 4, 3000)) % 4, true)
    said = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    assert np.diag(borne_transition(said, told(features), true)).mean() > 0.99
    believed = np.diag(borne_transition(said, told(features), noisy))
    assert (believed >= 0.7).all() and believed.mean() < 0.76


def test_chances_that_a_given_label_agrees() -> None:
    transition, prior = (
        np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.0, 1.0]]),
        np.array([0.5, 0.3, 0.2]),
    )
    wrong, right = agreement_chances(transition, prior).T
    assert right.tolist() == [0.9, 0.7, 1.0]
    assert wrong == pytest.approx([0.3 * 0.2 / 0.5, 0.5 * 0.1 / 0.7, 0.3 * 0.1 / 0.8])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0.01, 1.0)), min_size=1, max_size=30),
    st.floats(0.1, 0.99),
)
def test_each_class_takes_as_many_as_are_right_in_the_mean(rows: list[Any], precision: float) -> None:
    best, claims = np.array([code for code, _ in rows]), np.array([claim for _, claim in rows])
    cut = cuts(best, claims, precision, 4)
    assert cut[3] == np.inf
    for code in range(3):
        mine = np.sort(claims[best == code])[::-1]
        most = [k for k in range(1, len(mine) + 1) if mine[:k].sum() >= precision * k - 1e-12]
        taken = mine[mine >= cut[code]]
        assert len(taken) == 0 if not most else taken[0] == mine[0] and len(taken) >= most[-1]


def test_the_surest_share_is_of_each_class() -> None:
    best, claims = np.array([0] * 10 + [1] * 5), np.append(np.linspace(0.9, 1, 10), np.linspace(0, 0.5, 5))
    taken = surest(best, claims, 0.4)
    assert np.flatnonzero(taken).tolist() == [6, 7, 8, 9, 13, 14]
    assert surest(best, claims, 1.0).sum() == 14


def test_what_neighbours_and_prototypes_say() -> None:
    features = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1], [1, 0.05]], np.float32)
    bank = Bank.of(features[:4], features[4:])
    assert bank.among_labelled(bank.near(features[[4]])).tolist() == [4]
    views = Views.of(bank, np.array([0, 0, 1, 1, UNLABELLED], np.int32), 3)
    assert not views.prototypes[2].any()
    posterior = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]], np.float32)
    rows = features[[4, 4]]
    evidence = views.evidence(posterior, bank.unit(rows), bank.near(rows))
    assert evidence[:, 0] == pytest.approx(np.log([0.6 / 0.4, 0.7 / 0.3]), abs=1e-5)
    assert evidence[:, 1].tolist() == [0.0, 0.0]
    assert evidence[:, 2] == pytest.approx([2, -2], abs=0.01)  # the class without a row counts as furthest
    more = views.with_labels(np.array([4]), np.array([0], np.int32))
    assert more.evidence(posterior, bank.unit(rows), bank.near(rows))[0, 1] == pytest.approx(
        np.log(3.5 / 2.5)
    )


@pytest.mark.parametrize(
    ("kind", "unknown", "why"),
    [("label", True, ""), ("open-set", True, ""), ("both", True, LOOK_DIFFERENT),
     ("covariate", True, LOOK_DIFFERENT), ("label", False, FEW)],
)  # fmt: skip
def test_why_there_are_none(kind: str, unknown: bool, why: str) -> None:
    open_set = OpenSet(0.0, *(np.zeros(2) for _ in range(5))) if unknown else None
    findings = ShiftFindings(
        method="", prior=(), source_prior=(), weights=(), interval=(), total_variation=0, kind=kind,
        drift=TargetDrift(),
    )  # fmt: skip
    prior = estimate_prior(np.array([0, 1]), np.eye(2), np.eye(2))
    assert why_none(TargetFindings(findings, prior, open_set, np.ones(2, bool))) == why
