"""What answers say of labels: by hand, in bounds, and on made judges that share their errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelworks.tasks.methods.judges.pool import NOT_ASKED, UNREAD, pool, review_order
from tests.support.judges import MadeJudges, made_judges, share_found

FLAT = np.full((4, 3), 1 / 3)
EACH = np.array([0, 1])


def test_answers_by_hand() -> None:
    answers = np.array([[0, 0], [1, 1], [1, 0], [NOT_ASKED, UNREAD]])
    posterior = np.tile([0.9, 0.08, 0.02], (4, 1))
    found = pool(answers, EACH, np.zeros(4, int), posterior)
    assert found.right[0] > found.right[2] > found.right[1]
    assert found.right[0] > found.right[3] > found.right[1]
    assert found.answer.tolist() == [0, 1, 0, UNREAD]
    assert found.right[3] == pytest.approx(0.9 * 0.99)
    assert found.sure[1] == pytest.approx(1 - found.right[1], abs=0.05)


def test_a_judge_by_itself_is_as_sure_as_it_is_accurate() -> None:
    one = pool(np.array([[1]]), EACH[:1], np.zeros(1, int), np.array([[0.5, 0.3, 0.2]]))
    accuracy = one.accuracy[0]
    said = np.array([(1 - accuracy) / 3, accuracy, (1 - accuracy) / 3])
    expected = said * [0.5, 0.3, 0.2] * 0.99
    total = expected.sum() + 0.01 * (1 - accuracy) / 3
    assert one.right[0] == pytest.approx(expected[0] / total, abs=1e-4)
    assert one.sure[0] == pytest.approx(expected[1] / total, abs=1e-4)


def test_ten_that_say_the_same_are_no_surer_than_one() -> None:
    posterior = np.tile([0.6, 0.3, 0.1], (30, 1))
    given_labels = np.zeros(30, int)
    one = pool(np.ones((30, 1), int), np.array([0]), given_labels, posterior)
    ten = pool(np.ones((30, 10), int), np.arange(10), given_labels, posterior)
    np.testing.assert_allclose(one.right, ten.right, atol=1e-6)


def test_votes_of_one_judge_are_shares_of_its_answer() -> None:
    answers = np.array([[1, 1, 1, 0]] * 5)
    split = pool(answers, np.array([0, 0, 0, 1]), np.zeros(5, int), np.tile([0.5, 0.3, 0.2], (5, 1)))
    plain = pool(answers[:, 2:], EACH, np.zeros(5, int), np.tile([0.5, 0.3, 0.2], (5, 1)))
    np.testing.assert_allclose(split.right, plain.right)


def test_none_of_these_is_an_answer_against_the_label() -> None:
    answers = np.array([[3, 3], [0, 0], [0, 3], [3, NOT_ASKED]])
    found = pool(answers, EACH, np.zeros(4, int), FLAT)
    assert found.answer[0] == 3
    assert found.right[0] < found.right[2] < found.right[1]


def test_what_the_posterior_lacks_is_of_no_listed_class() -> None:
    answers = np.array([[3, 3]])
    listed = pool(answers, EACH, np.zeros(1, int), np.array([[0.5, 0.2, 0.3]]))
    lacking = pool(answers, EACH, np.zeros(1, int), np.array([[0.5, 0.1, 0.1]]))
    assert lacking.right[0] < listed.right[0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 6))
def test_probabilities_are_such_and_no_row_depends_on_the_order(seed: int, votes: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    answers = rng.integers(NOT_ASKED, classes + 1, (12, votes))
    judge = np.sort(rng.integers(0, votes, votes))
    judge = np.unique(judge, return_inverse=True)[1]
    labels, posterior = rng.integers(0, classes, 12), rng.dirichlet(np.full(classes, 0.3), 12)
    found = pool(answers, judge, labels, posterior)
    for each in (found.right, found.sure, found.accuracy):
        assert ((each >= 0) & (each <= 1)).all()
    assert ((found.answer >= UNREAD) & (found.answer <= classes)).all()
    shuffled = rng.permutation(12)
    again = pool(answers[shuffled], judge, labels[shuffled], posterior[shuffled])
    np.testing.assert_allclose(again.right, found.right[shuffled], atol=2e-9)


@given(hnp.arrays(float, 6, elements=st.floats(0, 1)), hnp.arrays(float, 6, elements=st.floats(0, 1)))
def test_the_likeliest_wrong_come_first(right: np.ndarray, sure: np.ndarray) -> None:
    found = pool(np.ones((6, 1), int), np.array([0]), np.zeros(6, int), np.tile([0.5, 0.5], (6, 1)))
    order = review_order(
        type(found)(right, found.answer, sure, found.accuracy), np.arange(6, dtype=np.uint64)
    )
    pairs = [(right[row], -sure[row]) for row in order]
    assert pairs == sorted(pairs)


@pytest.mark.parametrize("shared", [0.0, 0.4, 0.8])
def test_the_order_finds_no_fewer_errors_than_posterior_or_votes_alone(shared: float) -> None:
    found = []
    for seed in range(4):
        made = made_judges(seed, rows=2000, shared=shared)
        pooled = pool(made.answers, np.arange(5), made.given, made.posterior)
        found.append([share_found(made, each) for each in (pooled.right, made.own, _agreement(made))])
    ours, posterior, votes = np.mean(found, axis=0)
    assert ours >= max(posterior, votes) - 0.02
    assert ours >= 0.8


def test_accuracy_is_that_of_the_judges() -> None:
    made = made_judges(0, rows=3000, accuracy=0.7, shared=0.4)
    found = pool(made.answers, np.arange(5), made.given, made.posterior)
    np.testing.assert_allclose(found.accuracy, (made.answers == made.true[:, None]).mean(axis=0), atol=0.04)


def _agreement(made: MadeJudges) -> np.ndarray:
    return np.asarray((made.answers == made.given[:, None]).mean(axis=1))
