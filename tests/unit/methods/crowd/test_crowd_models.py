"""Each model against a reference that loops over votes as its paper's equations do."""

import numpy as np
import pytest
from scipy.special import digamma, expit

from labelworks.tasks.methods.crowd import Votes, aggregate
from labelworks.tasks.methods.crowd.dawid_skene import SMOOTHING, dawid_skene
from labelworks.tasks.methods.crowd.difficulty import difficulty
from labelworks.tasks.methods.crowd.glad import glad
from labelworks.tasks.methods.crowd.heldout import heldout
from labelworks.tasks.methods.crowd.hierarchical import hierarchical
from labelworks.tasks.methods.crowd.mace import mace
from labelworks.tasks.methods.crowd.majority import majority
from labelworks.tasks.methods.crowd.one_coin import one_coin


def crowd(seed=0, items=80, annotators=12, classes=3, per_item=5, skill=(0.4, 0.95)):
    """Annotators of known skill; the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    ability = np.linspace(*skill, annotators)
    who = np.concatenate([rng.permutation(annotators)[:per_item] for _ in range(items)])
    item = np.repeat(np.arange(items), per_item)
    right = rng.random(len(item)) < ability[who]
    wrong = (truth[item] + rng.integers(1, classes, len(item))) % classes
    return Votes.from_arrays(item, who, np.where(right, truth[item], wrong)), truth


def start(votes):
    counted = votes.counts + 1e-9 * votes.answer_shares
    return counted / counted.sum(axis=1, keepdims=True)


def confusion_step(votes, posterior, tables, prior):
    joint = np.tile(np.log(prior), (len(posterior), 1))
    for item, who, answer in zip(votes.item, votes.annotator, votes.answer, strict=True):
        joint[item] += np.log(tables[who, answer])
    joint = np.exp(joint - joint.max(axis=1, keepdims=True))
    return joint / joint.sum(axis=1, keepdims=True)


def brute_dawid_skene(votes):
    items, annotators, classes = votes.shape
    posterior = start(votes)
    for _ in range(100):
        counts = np.full((annotators, classes, classes), SMOOTHING)
        for item, who, answer in zip(votes.item, votes.annotator, votes.answer, strict=True):
            counts[who, answer] += posterior[item]
        prior = (posterior.sum(axis=0) + SMOOTHING) / (items + SMOOTHING * classes)
        tables = counts / counts.sum(axis=1, keepdims=True)
        before, posterior = posterior, confusion_step(votes, posterior, tables, prior)
        if np.abs(posterior - before).max() < 1e-5:
            break
    return posterior


def brute_one_coin(votes):
    items, annotators, classes = votes.shape
    posterior, a, b = start(votes), 2.0, 1.0
    for step in range(150):
        right = np.zeros(annotators)
        for item, who, answer in zip(votes.item, votes.annotator, votes.answer, strict=True):
            right[who] += posterior[item, answer]
        wrong = votes.per_annotator - right
        for _ in range(3 if step else 0):  # Minka's fixed point, under Gamma(1.5, 0.5)
            below = sum(digamma(right + wrong + a + b) - digamma(a + b)) + 0.5
            a, b = (
                (a * sum(digamma(right + a) - digamma(a)) + 0.5) / below,
                (b * sum(digamma(wrong + b) - digamma(b)) + 0.5) / below,
            )
        tables = np.empty((annotators, classes, classes))
        for who in range(annotators):
            total = digamma(right[who] + wrong[who] + a + b)
            tables[who] = np.exp(digamma(wrong[who] + b) - total) / (classes - 1)
            np.fill_diagonal(tables[who], np.exp(digamma(right[who] + a) - total))
        prior = (posterior.sum(axis=0) + 1) / (items + classes)
        before, posterior = posterior, confusion_step(votes, posterior, tables, prior)
        if np.abs(posterior - before).max() < 1e-4:
            break
    return posterior


def brute_mace(votes):
    _, annotators, classes = votes.shape
    posterior = start(votes)
    know, guess = np.full(annotators, 0.5), np.full((annotators, classes), 0.5 / classes)
    for step in range(100):
        tables = guess[:, :, None] + know[:, None, None] * np.eye(classes)
        before, posterior = posterior, confusion_step(votes, posterior, tables, np.ones(classes))
        if step and np.abs(posterior - before).max() < 1e-5:
            break
        known, spam = np.zeros(annotators), np.zeros((annotators, classes))
        for item, who, answer in zip(votes.item, votes.annotator, votes.answer, strict=True):
            share = know[who] / (know[who] + guess[who, answer])
            known[who] += posterior[item, answer] * share
            spam[who, answer] += 1 - posterior[item, answer] * share
        total = digamma(known + spam.sum(axis=1) + 1)
        know = np.exp(digamma(known + 0.5) - total)
        habit = np.exp(digamma(spam + 10) - digamma(spam.sum(axis=1) + 10 * classes)[:, None])
        guess = np.exp(digamma(spam.sum(axis=1) + 0.5) - total)[:, None] * habit
    return posterior


@pytest.mark.parametrize(
    ("model", "reference"),
    [(dawid_skene, brute_dawid_skene), (one_coin, brute_one_coin), (mace, brute_mace)],
)
@pytest.mark.parametrize("classes", [2, 4])
def test_posterior_is_that_of_the_loop_over_votes(model, reference, classes):
    votes, _ = crowd(seed=classes, classes=classes)
    np.testing.assert_allclose(model(votes).posterior, reference(votes), atol=1e-8)


def test_glad_is_a_fixed_point_of_its_own_equations():
    votes, _ = crowd(seed=4, items=60)
    posterior = glad(votes).posterior
    # maximise the expected log-posterior of ability and ease by plain gradient steps, then look again
    ability, ease = np.ones(12), np.zeros(60)
    right = posterior[votes.item, votes.answer]
    for _ in range(4000):
        slope = right - expit(ability[votes.annotator] * np.exp(ease[votes.item]))
        up = np.bincount(votes.annotator, slope * np.exp(ease[votes.item]), minlength=12) - (ability - 1)
        out = np.bincount(votes.item, slope * ability[votes.annotator] * np.exp(ease[votes.item])) - ease
        ability, ease = ability + 0.01 * up, ease + 0.01 * out
    joint = np.zeros((60, 3))
    for item, who, answer in zip(votes.item, votes.annotator, votes.answer, strict=True):
        chance = expit(ability[who] * np.exp(ease[item]))
        joint[item] += np.log(np.where(np.arange(3) == answer, chance, (1 - chance) / 2))
    again = np.exp(joint) / np.exp(joint).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(posterior, again, atol=2e-3)


def test_majority_keeps_ties_and_prefers_the_commoner_class():
    votes = Votes.from_arrays([0, 0, 1, 1, 1], [0, 1, 0, 1, 2], ["a", "b", "b", "b", "a"])
    posterior = majority(votes).posterior
    np.testing.assert_allclose(posterior, [[0.5, 0.5], [0, 1]], atol=1e-8)
    assert aggregate(votes, method="majority").labels.tolist() == ["b", "b"]


def test_soft_labels_are_the_shares_of_the_votes():
    votes, _ = crowd()
    result = aggregate(votes, method="soft-labels")
    np.testing.assert_allclose(result.posterior, votes.counts / votes.counts.sum(axis=1)[:, None], atol=1e-7)


def test_few_votes_lean_on_what_annotators_do_in_general():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 300)
    item = np.repeat(np.arange(300), 5)
    # every annotator has three votes and nobody who says "1" is wrong: only pooled can that be seen
    answer = np.where((truth[item] == 1) & (rng.random(1500) < 0.55), 1, 0)
    votes = Votes.from_arrays(item, rng.permutation(1500) // 3, answer)
    pooled = (hierarchical(votes).posterior.argmax(axis=1) == truth).mean()
    for model in (majority, dawid_skene):
        assert pooled > (model(votes).posterior.argmax(axis=1) == truth).mean() + 0.05


def test_an_answer_given_where_items_are_hard_is_no_truth():
    rng = np.random.default_rng(11)
    truth, hard = rng.integers(0, 2, 500), rng.random(500) < 0.25
    item = np.repeat(np.arange(500), 20)
    right = rng.random(10_000) < np.where(hard[item], 0.7, 0.97)
    said = np.where(right, truth[item], 1 - truth[item])
    hedged = rng.random(10_000) < np.where(hard[item], 0.3, 0.01)
    votes = Votes.from_arrays(item, np.tile(np.arange(20), 500), np.where(hedged, 2, said))
    assert (dawid_skene(votes).posterior.argmax(axis=1) == 2).sum() > 100
    for model in (hierarchical, difficulty):
        posterior = model(votes).posterior
        assert (posterior[:, 2] == 0).all()
        assert (posterior.argmax(axis=1) == truth).mean() > 0.9


def test_difficulty_foretells_votes_better_where_items_differ():
    rng = np.random.default_rng(6)
    truth, hard = rng.integers(0, 2, 400), rng.random(400) < 0.5
    item = np.repeat(np.arange(400), 8)
    right = rng.random(3200) < np.where(hard[item], 0.55, 0.97)
    votes = Votes.from_arrays(item, np.tile(np.arange(8), 400), np.where(right, truth[item], 1 - truth[item]))
    assert heldout(votes, difficulty).mean() > heldout(votes, hierarchical).mean()


@pytest.mark.parametrize("model", [one_coin, hierarchical, difficulty])
def test_what_a_model_says_of_unseen_items_is_a_distribution(model):
    votes, _ = crowd(seed=8)
    answers = model(votes).answers
    np.testing.assert_allclose(answers.prior.sum(), 1)
    who = np.arange(12)
    total = sum(answers.given_state(who, np.full(12, answer)) for answer in range(3))
    assert total.shape == (12, len(answers.prior))
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_top_two_finds_the_rival_and_the_truth():
    rng = np.random.default_rng(9)
    items, per_item = 200, 20
    truth = rng.integers(0, 5, items)
    rival = (truth + rng.integers(1, 5, items)) % 5
    item = np.repeat(np.arange(items), per_item)
    reliable = rng.random(items * per_item) < 0.8
    chosen = np.where(rng.random(items * per_item) < 0.7, truth[item], rival[item])
    answer = np.where(reliable, chosen, rng.integers(0, 5, items * per_item))
    result = aggregate(Votes.from_arrays(item, np.tile(np.arange(per_item), items), answer), method="top-two")
    right = result.labels == truth
    assert right.mean() > 0.9
    assert (result.confusing[right] == rival[right]).mean() > 0.8


def test_top_two_says_how_often_the_rival_is_given():
    rng, items, per_item = np.random.default_rng(3), 40, 400
    truth, rate = rng.integers(0, 3, items), np.repeat([0.0, 0.15, 0.3, 0.45], 10)
    item = np.repeat(np.arange(items), per_item)
    answer = np.where(rng.random(len(item)) < rate[item], (truth[item] + 1) % 3, truth[item])
    votes = Votes.from_arrays(item, np.tile(np.arange(per_item), items), answer)
    result = aggregate(votes, method="top-two")
    named = ~np.isnan(result.confusion)
    assert (named == (result.confusing >= 0)).all()
    np.testing.assert_allclose(result.confusion[named], rate[named], atol=0.08)
    assert np.isnan(aggregate(votes, method="majority").confusion).all()
