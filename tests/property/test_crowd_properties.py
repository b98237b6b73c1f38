import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.crowd import Votes, aggregate

NAMES = [method.name for method in registry.methods("crowd")]


def probs_for(votes):
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(votes.shape[2]), votes.shape[0])


@st.composite
def any_votes(draw):
    """Any votes at all: one annotator, one vote an item, a class nobody names, votes cast twice."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    size = draw(st.integers(1, 40))
    used = draw(st.integers(1, 4))
    columns = [rng.integers(0, draw(st.integers(1, 12)), size) for _ in range(2)]
    classes = np.arange(used + draw(st.integers(0, 1)))
    return Votes.from_arrays(*columns, rng.integers(0, used, size), classes=classes)


@st.composite
def competent_votes(draw):
    """Votes of annotators who mostly know, all on all items."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    classes, items, annotators = draw(st.integers(2, 4)), 40, 7
    truth = rng.integers(0, classes, items)
    item, who = np.divmod(np.arange(items * annotators), annotators)
    right = rng.random(len(item)) < np.linspace(0.6, 0.9, annotators)[who]
    answer = np.where(right, truth[item], (truth[item] + rng.integers(1, classes, len(item))) % classes)
    return Votes.from_arrays(item, who, answer, classes=np.arange(classes))


@pytest.mark.parametrize("method", NAMES)
@given(votes=any_votes())
def test_any_votes_give_sound_posteriors(method, votes):
    result = aggregate(votes, pred_probs=probs_for(votes), method=method)
    assert np.isfinite(result.posterior).all()
    np.testing.assert_allclose(result.posterior.sum(axis=1), 1, atol=1e-4)
    assert result.posterior.min() >= 0
    assert ((result.quality >= 0) & (result.quality <= 1 + 1e-6)).all()
    assert (result.confusing != result.labels).all()


@given(votes=competent_votes(), seed=st.integers(0, 99))
def test_the_order_of_the_votes_changes_nothing(votes, seed):
    order = np.random.default_rng(seed).permutation(len(votes.item))
    columns = votes.item[order], votes.annotator[order], votes.answer[order]
    moved = Votes.from_arrays(*columns, classes=votes.classes)
    np.testing.assert_allclose(aggregate(moved).posterior, aggregate(votes).posterior, atol=1e-5)


@given(votes=competent_votes(), seed=st.integers(0, 99))
def test_auto_renames_its_classes_and_changes_little_where_its_folds_do(votes, seed):
    rng = np.random.default_rng(seed)
    item, who, answer = (rng.permutation(size) for size in votes.shape)
    classes = np.arange(votes.shape[2])
    before = aggregate(votes)
    named = Votes.from_arrays(votes.item, votes.annotator, answer[votes.answer], classes=classes)
    np.testing.assert_allclose(aggregate(named).posterior[:, answer], before.posterior, atol=2e-3)
    moved = Votes.from_arrays(item[votes.item], who[votes.annotator], votes.answer, classes=classes)
    after = aggregate(moved)
    assert np.abs(after.posterior[item] - before.posterior).mean() < 0.1
    assert (after.labels[item] == before.labels).mean() >= 0.9


# auto has a test of its own: its folds go by the order of items and annotators
@pytest.mark.parametrize("method", [name for name in NAMES if name != "auto"])
@given(votes=competent_votes(), seed=st.integers(0, 99))
def test_renaming_and_reordering_change_nothing(method, votes, seed):
    rng = np.random.default_rng(seed)
    item, who, answer = (rng.permutation(size) for size in votes.shape)
    order = rng.permutation(len(votes.item))
    moved = Votes.from_arrays(
        item[votes.item][order],
        who[votes.annotator][order],
        answer[votes.answer][order],
        classes=np.arange(votes.shape[2]),
    )
    probs = probs_for(votes)
    there = np.empty_like(probs)
    there[np.ix_(item, answer)] = probs
    before = aggregate(votes, pred_probs=probs, method=method)
    after = aggregate(moved, pred_probs=there, method=method)
    np.testing.assert_allclose(after.posterior[np.ix_(item, answer)], before.posterior, atol=2e-3)
    assert after.alpha == pytest.approx(before.alpha)
    assert after.kappa == pytest.approx(before.kappa)


@pytest.mark.parametrize("method", [name for name in NAMES if name != "crowdlab"])
@given(truth=st.lists(st.integers(0, 2), min_size=4, max_size=30), annotators=st.integers(2, 6))
def test_unanimous_votes_are_the_labels(method, truth, annotators):
    item, who = np.divmod(np.arange(len(truth) * annotators), annotators)
    votes = Votes.from_arrays(item, who, np.array(truth)[item], classes=[0, 1, 2])
    result = aggregate(votes, method=method)
    assert result.labels.tolist() == truth
    assert (result.confusing == -1).all()
