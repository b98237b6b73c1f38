"""Labels made of votes against the majority's, by votes that neither has heard."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.crowd import Votes, aggregate
from labelworks.tasks.methods.crowd.fit import shares
from labelworks.tasks.methods.validation.disagreements import Estimate
from labelworks.tasks.methods.validation.held_votes import VotesProof, prove_votes

TWO_KNOW, ALL_KNOW = (0.9, 0.9, 0.25, 0.25, 0.25, 0.25), (0.85,) * 6


def crowd(
    seed: int, items: int = 400, per_item: int = 5, right: tuple[float, ...] = TWO_KNOW
) -> tuple[Votes, np.ndarray]:
    """Votes of six, each as often right as said."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, items)
    item = np.repeat(np.arange(items), per_item)
    who = np.concatenate([rng.choice(6, per_item, replace=False) for _ in range(items)])
    other = (truth[item] + rng.integers(1, 4, len(item))) % 4
    answer = np.where(rng.random(len(item)) < np.array(right)[who], truth[item], other)
    return Votes.from_arrays(item, who, answer), truth


def by(method: str):
    return lambda votes: aggregate(votes, method=method).posterior.astype(float)


def turned(votes: Votes) -> np.ndarray:
    """The shares, a fifth of the items with the classes in another order."""
    found = shares(votes)
    wrong = np.arange(len(found)) % 5 == 0
    found[wrong] = np.roll(found[wrong], 1, axis=1)
    return found


def test_a_method_that_knows_whom_to_trust_is_proven() -> None:
    votes, truth = crowd(0)
    proof = prove_votes(votes, by("one-coin"))
    right = [np.mean(aggregate(votes, method=each).labels == truth) for each in ("one-coin", "majority")]
    assert right[0] > right[1] + 0.05
    assert proof.why_not(None) == ""
    assert proof.votes == 800
    assert 0 < proof.apart < 800


def test_shares_are_no_better_than_themselves_and_may_stand_by_a_margin() -> None:
    votes, _ = crowd(1)
    proof = prove_votes(votes, shares)
    assert proof.gain.value == 0
    assert proof.difference.value == pytest.approx(0, abs=1e-9)
    assert proof.apart == 0
    assert "isn't proven" in proof.why_not(None)
    assert proof.why_not(0.02) == ""
    assert "isn't proven" in proof.why_not(0.0001)


@pytest.mark.parametrize("margin", [None, 0.5])
def test_labels_that_are_turned_are_proven_worse(margin: float | None) -> None:
    votes, _ = crowd(2, right=ALL_KNOW)
    proof = prove_votes(votes, turned)
    assert proof.gain.interval[1] < 0
    assert proof.difference.interval[1] < 0
    assert "are worse" in proof.why_not(margin)


def test_votes_of_two_an_item_prove_nothing() -> None:
    votes, _ = crowd(3, items=50, per_item=2)
    proof = prove_votes(votes, by("auto"))
    assert proof.votes == 0
    assert "no item has 3" in proof.why_not(None)
    assert "no item has 3" in proof.why_not(0.5)


def test_better_is_right_where_crowds_are_drawn_anew() -> None:
    harmed = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 3, 200)
        item, who = np.repeat(np.arange(200), 4), np.concatenate([rng.permutation(8)[:4] for _ in truth])
        right = rng.random(800) < rng.beta(6, 3, 8)[who]
        votes = Votes.from_arrays(item, who, np.where(right, truth[item], rng.integers(0, 3, 800)))
        if prove_votes(votes, by("one-coin")).why_not(None):
            continue
        labels = [aggregate(votes, method=each).labels for each in ("one-coin", "majority")]
        harmed += np.mean(labels[0] == truth) < np.mean(labels[1] == truth)
    assert harmed == 0


@pytest.mark.parametrize(
    ("difference", "gain", "says"),
    [
        ((0.07, 0.02), (0.01, 0.01), "the log score of a vote changes by −0.010 to +0.030"),
        ((0.07, 0.05), (0.01, 0.001), "right labels change by −2.8 to +16.8 points"),
        ((0.07, 0.02), (-0.03, 0.01), "the log score of a vote changes by −0.050 to −0.010"),
    ],
)
def test_what_is_said_is_the_figure_that_proves_nothing(
    difference: tuple[float, float], gain: tuple[float, float], says: str
) -> None:
    proof = VotesProof(Estimate(*gain), Estimate(*difference), 800, 90)
    assert proof.why_not(None).endswith(f": {says} on 800 held-out votes")
