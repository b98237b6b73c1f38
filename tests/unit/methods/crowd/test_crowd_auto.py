"""Which model `auto` takes, on crowds whose annotators are known, and what is foretold of held-out items."""

import numpy as np
import pytest

from labelworks.tasks.methods.crowd import Votes, aggregate
from labelworks.tasks.methods.crowd.auto import MODELS, MOVED, chosen, moved
from labelworks.tasks.methods.crowd.fit import AnswerModel, Fit, shares
from labelworks.tasks.methods.crowd.heldout import better, folds, heldout
from labelworks.tasks.methods.crowd.hierarchical import hierarchical
from labelworks.tasks.methods.crowd.one_coin import one_coin

ITEMS = 600


def crowd(classes, annotators, tables, seed, *, share=None, seen=None):
    """Votes of five of the annotators on each item by their tables (W, class, answer); the truth.

    seen (truth, rng) → the class that everybody sees on an item, the truth where it isn't given.
    """
    rng = np.random.default_rng(seed)
    truth = rng.choice(classes, ITEMS, p=share)
    item = np.repeat(np.arange(ITEMS), 5)
    who = np.concatenate([rng.choice(annotators, 5, replace=False) for _ in range(ITEMS)])
    there = truth if seen is None else seen(truth, rng)
    chance = tables(rng)[who, there[item]]
    answer = (rng.random(len(item))[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    answer = np.minimum(answer, classes - 1)
    return Votes.from_arrays(item, who, answer, classes=np.arange(classes)), truth


def coins(classes, annotators):
    """Each annotator right with one probability, drawn from a Beta; errors spread evenly."""

    def tables(rng):
        right = rng.beta(6, 3, annotators)[:, None, None]
        return right * np.eye(classes) + (1 - right) * (1 - np.eye(classes)) / (classes - 1)

    return tables


def habits(classes, annotators):
    """Each annotator confuses the classes in a way of their own."""

    def tables(rng):
        own = rng.dirichlet(np.full(classes, 0.2), (annotators, classes))
        return 0.4 * np.eye(classes) + 0.6 * own

    return tables


def accuracy(votes, truth, method):
    return (aggregate(votes, method=method).labels == truth).mean()


@pytest.mark.parametrize("classes", [2, 4, 10])
@pytest.mark.parametrize("annotators", [20, 300])
def test_one_accuracy_each_wins_where_errors_are_spread_evenly(classes, annotators):
    votes, truth = crowd(classes, annotators, coins(classes, annotators), classes + annotators)
    assert chosen(votes) is one_coin
    best = max(accuracy(votes, truth, method) for method in ("majority", "one-coin", "hierarchical"))
    assert accuracy(votes, truth, "auto") > best - 0.015


@pytest.mark.parametrize("classes", [2, 4])
def test_confusion_matrices_win_where_annotators_have_habits_and_votes_enough_to_tell(classes):
    votes, truth = crowd(classes, 20, habits(classes, 20), classes)
    assert chosen(votes) is hierarchical
    assert accuracy(votes, truth, "auto") > accuracy(votes, truth, "one-coin") + 0.005


def test_errors_made_together_on_plausible_items_of_the_common_class_do_not_make_it_rarer():
    def seen(truth, rng):
        return np.where(rng.random(ITEMS) < 0.15, 1 - truth, truth)

    votes, truth = crowd(2, 20, coins(2, 20), 3, share=[0.78, 0.22], seen=seen)
    assert chosen(votes) is one_coin
    auto = accuracy(votes, truth, "auto")
    assert auto > max(accuracy(votes, truth, method) for method in ("majority", "one-coin")) - 0.02


def biased(classes, annotators):
    """All annotators say the first class for a third of the others."""

    def tables(rng):
        return coins(classes, annotators)(rng) @ (0.35 * np.eye(classes)[0] + 0.65 * np.eye(classes))

    return tables


def spammers(classes, annotators):
    """Some annotators answer out of habit."""

    def tables(rng):
        habit = rng.dirichlet(np.full(classes, 0.5), annotators)[:, None, :].repeat(classes, axis=1)
        spam = rng.random(annotators)[:, None, None] < 0.4
        return np.where(spam, habit, coins(classes, annotators)(rng))

    return tables


@pytest.mark.parametrize(("kind", "classes"), [(biased, 2), (spammers, 2), (spammers, 4)])
@pytest.mark.parametrize("annotators", [30, 375])
def test_a_model_that_runs_off_to_one_class_is_not_believed(kind, annotators, classes):
    for seed in range(2):
        votes, truth = crowd(classes, annotators, kind(classes, annotators), seed)
        assert accuracy(votes, truth, "auto") > accuracy(votes, truth, "majority") - 0.025
    ran_off = [moved(votes, model(votes).posterior) > MOVED for model in MODELS]
    if all(ran_off):
        np.testing.assert_allclose(aggregate(votes).posterior, shares(votes), atol=1e-6)


def test_what_a_posterior_moves_is_a_share_of_the_items():
    votes = Votes.from_arrays([0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 1, 1])
    assert moved(votes, np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])) == pytest.approx(0.25)


def test_the_posterior_is_as_sure_as_it_is_right():
    votes, truth = crowd(4, 60, coins(4, 60), 7)
    result = aggregate(votes)
    sure = result.posterior.max(axis=1)
    for low, high in ((0.4, 0.7), (0.7, 0.9), (0.9, 1.0)):
        some = (sure >= low) & (sure <= high)
        assert some.sum() > 30
        assert abs(sure[some].mean() - (result.labels == truth)[some].mean()) < 0.12


def test_a_vote_is_foretold_from_the_other_votes_on_an_item_that_the_model_has_not_seen():
    votes, _ = crowd(3, 8, coins(3, 8), 1)
    seen = []

    def model(part):
        seen.append(set(part.items.tolist()))
        prior, right = np.array([0.2, 0.3, 0.5]), np.linspace(0.5, 0.9, 8)

        def given_state(annotator, answer):
            table = np.repeat((1 - right[annotator])[:, None] / 2, 3, axis=1)
            table[np.arange(len(answer)), answer] = right[annotator]
            return table

        return Fit(np.full((len(part.items), 3), 1 / 3), AnswerModel(prior, given_state))

    logs = heldout(votes, model)
    fold = folds(ITEMS)
    assert [ITEMS - len(each) for each in seen] == np.bincount(fold).tolist()
    right = np.linspace(0.5, 0.9, 8)
    for vote in (0, 7, 2999):
        assert all(votes.item[vote] not in seen[fold[votes.item[vote]]] for _ in (0,))
        joint = np.array([0.2, 0.3, 0.5])
        on_item = np.flatnonzero(votes.item == votes.item[vote])
        for other in on_item[on_item != vote]:
            r = right[votes.annotator[other]]
            joint = joint * np.where(np.arange(3) == votes.answer[other], r, (1 - r) / 2)
        r = right[votes.annotator[vote]]
        likely = joint / joint.sum() @ np.where(np.arange(3) == votes.answer[vote], r, (1 - r) / 2)
        np.testing.assert_allclose(logs[vote], np.log(likely))


def test_a_gain_is_believed_by_its_error_over_items_and_annotators():
    rng = np.random.default_rng(0)
    item, who = np.divmod(np.arange(200 * 10), 10)
    votes = Votes.from_arrays(item, who, (item + who) % 2)
    assert better(votes, 0.1 + rng.normal(size=2000))
    assert not better(votes, -0.1 + rng.normal(size=2000))
    by_annotator, by_item = rng.normal(size=10), 3 * rng.normal(size=200)
    assert not better(votes, 0.1 + (by_annotator - by_annotator.mean())[who])  # of ten, not of 2,000
    assert not better(votes, 0.1 + (by_item - by_item.mean())[item])


def test_a_gain_on_the_common_answer_alone_is_none():
    item, who = np.divmod(np.arange(300 * 10), 10)
    answer = (item % 10 == 0).astype(int)
    votes = Votes.from_arrays(item, who, answer)
    noise = np.random.default_rng(1).normal(0, 0.05, len(item))
    assert not better(votes, np.where(answer == 0, 0.1, -0.2) + noise)
    assert better(votes, np.where(answer == 0, 0.1, 0.2) + noise)
