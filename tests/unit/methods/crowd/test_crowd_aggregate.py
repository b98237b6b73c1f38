import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.crowd import Votes, aggregate

NAMES = [method.name for method in registry.methods("crowd")]


def crowd(seed=0, items=150, annotators=10, classes=3, per_item=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    who = np.concatenate([rng.permutation(annotators)[:per_item] for _ in range(items)])
    item = np.repeat(np.arange(items), per_item)
    right = rng.random(len(item)) < np.linspace(0.35, 0.9, annotators)[who]
    wrong = (truth[item] + rng.integers(1, classes, len(item))) % classes
    probs = np.full((items, classes), 0.2 / (classes - 1))
    probs[np.arange(items), np.where(rng.random(items) < 0.85, truth, rng.integers(0, classes, items))] = 0.8
    return Votes.from_arrays(item, who, np.where(right, truth[item], wrong)), truth, probs


def test_the_methods_are_all_there():
    asked = {
        "majority",
        "dawid-skene",
        "one-coin",
        "glad",
        "mace",
        "top-two",
        "crowdlab",
        "soft-labels",
        "auto",
    }
    assert asked <= set(NAMES)


@pytest.mark.parametrize("method", NAMES)
def test_each_method_gives_a_whole_result(method):
    votes, truth, probs = crowd()
    result = aggregate(votes, pred_probs=probs, method=method)
    assert result.method == method
    assert (result.posterior[np.arange(150), result.labels] == result.posterior.max(axis=1)).all()
    np.testing.assert_allclose(result.posterior.sum(axis=1), 1, atol=1e-5)
    assert (result.labels == truth).mean() > 0.6
    # annotators were made better in their order
    assert np.corrcoef(result.quality, np.arange(10))[0, 1] > 0.7
    assert (result.confusing != result.labels).all()


@pytest.mark.parametrize("method", ["crowdlab", "auto"])
def test_a_models_probabilities_help(method):
    votes, truth, probs = crowd(seed=1)
    helped = aggregate(votes, pred_probs=probs, method=method)
    alone = aggregate(votes, method="dawid-skene")
    assert (helped.labels == truth).mean() > (alone.labels == truth).mean() + 0.05


def test_crowdlab_against_its_definition():
    votes, _, probs = crowd(seed=2, items=40, annotators=5)
    counts, item, who, answer = votes.counts, votes.item, votes.annotator, votes.answer
    shares = counts / counts.sum(axis=1, keepdims=True)
    consensus = (shares + 1e-6 * probs + 1e-9 * votes.answer_shares).argmax(axis=1)
    base = 1 - np.bincount(consensus).max() / 40
    weights = []
    for annotator in range(5):
        hits, chances = 0, 0
        for i, a in zip(item[who == annotator], answer[who == annotator], strict=True):
            others = answer[(item == i) & (who != annotator)]
            hits, chances = hits + (others == a).sum(), chances + len(others)
        weights.append(max(1 - (1 - hits / chances) / base, 1e-6))
    of_model = max(1 - (probs.argmax(axis=1) != consensus).mean() / base, 1e-6) * np.sqrt(3)
    right = np.mean([shares[i].max() for i in range(40)])
    expected = np.empty((40, 3))
    for i in range(40):
        pooled, total = of_model * probs[i], of_model
        for w, a in zip(who[item == i], answer[item == i], strict=True):
            pooled = pooled + weights[w] * np.where(np.arange(3) == a, right, (1 - right) / 2)
            total += weights[w]
        expected[i] = pooled / total
    result = aggregate(votes, pred_probs=probs, method="crowdlab")
    np.testing.assert_allclose(result.posterior, expected, atol=1e-6)


def test_most_confusing_is_the_likeliest_other_answer_or_none():
    votes = Votes.from_arrays([0] * 6 + [1] * 2, [0, 1, 2, 3, 4, 5, 0, 1], [0, 0, 0, 1, 1, 2, 2, 2])
    assert aggregate(votes, method="majority").confusing.tolist() == [1, -1]


def test_unusable_input_is_refused():
    votes, _, probs = crowd(items=5)
    with pytest.raises(InputError, match="needs pred_probs"):
        aggregate(votes, method="crowdlab")
    with pytest.raises(InputError, match="shape"):
        aggregate(votes, pred_probs=probs[:3])
    probs[2, 0] = np.nan
    with pytest.raises(InputError, match="row 2"):
        aggregate(votes, pred_probs=probs)
    with pytest.raises(ConfigError, match="choices"):
        aggregate(votes, method="mayority")
