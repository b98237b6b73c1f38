"""The label model on rules whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.weak_supervision import aggregate_rules

Ints = NDArray[np.int64]


def made(rng: np.random.Generator, truth: Ints, right: list[float], coverage: float = 0.4) -> Ints:
    """Votes of rules that are right so often on the rows that they fire on."""
    classes = int(truth.max()) + 1
    votes = np.full((len(truth), len(right)), -1)
    for rule, share in enumerate(right):
        wrong = (truth + rng.integers(1, classes, len(truth))) % classes
        answer = np.where(rng.random(len(truth)) < share, truth, wrong)
        votes[:, rule] = np.where(rng.random(len(truth)) < coverage, answer, -1)
    return votes


def accuracy(found: NDArray[np.float32], truth: Ints, votes: Ints) -> float:
    """On the rows that some rule fires on."""
    covered = (votes >= 0).any(axis=1)
    return float((found.argmax(axis=1) == truth)[covered].mean())


def log_loss(found: NDArray[np.float32], truth: Ints, votes: Ints) -> float:
    """On the same rows."""
    covered = (votes >= 0).any(axis=1)
    return float(-np.log(found[np.arange(len(truth)), truth])[covered].mean())


def test_it_learns_how_right_rules_are() -> None:
    """Within .05 of the truth, where several meet; better than the majority, and its claims are true."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 4000)
    right = [0.9, 0.85, 0.55, 0.5, 0.6, 0.5, 0.75]
    votes = made(rng, truth, right)
    found = aggregate_rules(votes, 3)
    assert np.abs(found.accuracy - right).max() < 0.05
    plain = aggregate_rules(votes, 3, method="majority")
    assert accuracy(found.posterior, truth, votes) > accuracy(plain.posterior, truth, votes) + 0.02
    covered = found.labels >= 0
    claimed = found.posterior.max(axis=1)[covered].mean()
    assert abs(claimed - accuracy(found.posterior, truth, votes)) < 0.02


def test_copies_of_a_rule_count_once() -> None:
    """Five copies of a guess outvote three good rules by count; they are named, and don't."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 3000)
    good, guess = made(rng, truth, [0.8, 0.8, 0.8], 0.8), made(rng, truth, [0.5], 0.9)
    votes = np.column_stack([good, *[guess] * 5])
    found = aggregate_rules(votes, 2)
    alone = aggregate_rules(np.column_stack([good, guess]), 2)
    assert found.copies == dict.fromkeys(range(4, 8), 3)
    assert accuracy(found.posterior, truth, votes) > accuracy(alone.posterior, truth, votes) - 0.01
    assert accuracy(aggregate_rules(votes, 2, method="majority").posterior, truth, votes) < 0.65


def test_one_sided_rules_of_a_rare_class_dont_run_off() -> None:
    """15 % of the rows are of a class with rules of its own; neither class eats the other."""
    rng = np.random.default_rng(3)
    truth = (rng.random(4000) < 0.15).astype(int)
    votes = np.full((4000, 8), -1)
    for rule in range(8):
        of = rule % 2
        rate = np.where(truth == of, 0.3, 0.3 * 0.2 * (truth == of).mean() / (truth != of).mean())
        votes[rng.random(4000) < rate, rule] = of
    found = aggregate_rules(votes, 2)
    assert accuracy(found.posterior, truth, votes) > 0.85
    known = aggregate_rules(votes, 2, prior=[0.85, 0.15])
    assert log_loss(known.posterior, truth, votes) < log_loss(found.posterior, truth, votes) < 0.45


def test_where_no_rule_fires_it_is_the_prior() -> None:
    """And there is no label."""
    votes = np.array([[0, -1], [-1, 1], [-1, -1]])
    found = aggregate_rules(votes, 2, prior=[0.3, 0.7])
    assert found.labels.tolist() == [0, 1, -1]
    assert found.posterior[2] == pytest.approx([0.3, 0.7])


def test_a_rule_that_meets_no_other_stays_at_what_is_assumed() -> None:
    """Right with .8: there is nothing to learn it from."""
    votes = np.full((200, 2), -1)
    votes[:100, 0], votes[100:, 1] = 0, 1
    found = aggregate_rules(votes, 2)
    assert found.accuracy == pytest.approx([0.8, 0.8], abs=0.01)
    assert found.posterior[0, 0] == pytest.approx(0.8, abs=0.01)


def test_a_rule_that_never_fires_has_no_accuracy() -> None:
    """NaN, and it does no harm."""
    found = aggregate_rules(np.array([[0, -1], [1, -1], [0, -1]]), 2)
    assert np.isnan(found.accuracy[1])
    assert np.isfinite(found.posterior).all()


@pytest.mark.parametrize(
    ("votes", "prior", "says"),
    [
        (np.array([[0, 2]]), None, "rule 1 says 2, and there are 2 classes"),
        (np.array([[0.5, 1.0]]), None, "votes of rules are float64"),
        (np.array([[-1, -1]]), None, "no rule fires on any row"),
        (np.array([[0, 1]]), [0.5, 0.2], "the prior is"),
        (np.array([[0, 1]]), [1.0, 0.0], "the prior is"),
    ],
)
def test_what_cannot_be_used_is_refused(
    votes: NDArray[np.generic], prior: list[float] | None, says: str
) -> None:
    """With what is wrong."""
    with pytest.raises(InputError, match=says):
        aggregate_rules(votes, 2, prior=prior)


def test_ties_of_the_majority_go_to_the_class_named_more_often() -> None:
    """Whatever the order of the classes."""
    votes = np.array([[0, 1], [1, 1], [-1, 1], [0, -1]])
    assert aggregate_rules(votes, 2, method="majority").labels.tolist() == [1, 1, 1, 0]
