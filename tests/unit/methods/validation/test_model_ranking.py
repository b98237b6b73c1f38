"""Ranks of models by several readings of the labels, against counting, and their intervals against draws."""

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.validation.model_ranking import (
    RankingSums,
    answers_of,
    rank_models,
    ranked,
    ranking_sums,
)

K = 4


def benchmark(rng, rows, wrong=0.2, skill=(0.9, 0.8, 0.6)):
    """True and given labels, and models of some skill; the last says the given ones."""
    true = rng.integers(0, K, rows)
    given = np.where(rng.random(rows) < wrong, (true + 1) % K, true)
    says = {
        f"m{number}": np.where(rng.random(rows) < each, true, (true + 2) % K)
        for number, each in enumerate(skill)
    }
    return true, given, says | {"copycat": given}


def test_accuracies_are_counted_and_the_copycat_falls():
    true, given, says = benchmark(np.random.default_rng(0), 2000)
    found = rank_models(given, says, corrected=true, posterior=np.eye(K)[true])
    for reading, labels in (("given", given), ("corrected", true), ("posterior", true), ("platinum", true)):
        np.testing.assert_allclose(
            found[reading].accuracy, [(each == labels).mean() for each in says.values()], atol=1e-12
        )
    assert found["given"].rank.tolist() == [2, 3, 4, 1]
    assert found["corrected"].rank.tolist()[0] == 1 and found["corrected"].rank[3] > 1


def test_the_posterior_counts_an_answer_as_right_as_it_is_probable():
    posterior = np.array([[0.7, 0.2, 0.1, 0.0], [0.97, 0.01, 0.01, 0.01]])
    says = {"a": np.array([0, 1]), "b": np.array([1, 0]), "none": np.array([-1, 0])}
    found = rank_models(np.array([0, 0]), says, posterior=posterior)
    np.testing.assert_allclose(found["posterior"].accuracy, [0.355, 0.585, 0.485])
    assert found["platinum"].rows == 1
    assert found["platinum"].accuracy.tolist() == [0, 1, 1]


def test_label_sets_accept_any_of_theirs_and_rows_of_none_are_left_out():
    accepted = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]], bool)
    found = rank_models(
        np.array([0, 1, 2]), {"a": np.array([1, 1, 2]), "b": np.array([2, 1, 2])}, accepted=accepted
    )
    assert found["corrected"].rows == 2
    assert found["corrected"].accuracy.tolist() == [1.0, 0.5]


def test_parts_add_up():
    true, given, says = benchmark(np.random.default_rng(1), 300)
    guesses, posterior = answers_of(says, 300), np.random.default_rng(2).dirichlet(np.ones(K) * 0.2, 300)
    whole = ranking_sums(given, guesses, corrected=true, posterior=posterior)
    parts = [
        ranking_sums(given[part], guesses[part], corrected=true[part], posterior=posterior[part])
        for part in (slice(0, 100), slice(100, 300))
    ]
    for name, sums in whole.items():
        added = parts[0][name] + parts[1][name]
        assert added.rows == sums.rows
        np.testing.assert_allclose(added.both, sums.both)


def test_intervals_hold_the_true_figures_as_often_as_they_say():
    rng, held, apart, ranks = np.random.default_rng(3), 0, 0, 0
    for _ in range(200):
        true, _, says = benchmark(rng, 150, skill=(0.85, 0.8, 0.5))
        says.pop("copycat")
        found = rank_models(true, says)["given"]
        held += found.interval[0, 0] <= 0.85 <= found.interval[0, 1]
        low, high = found.difference_interval[0, 1]
        apart += low <= 0.05 <= high
        ranks += found.rank_interval[0, 0] <= 1 <= found.rank_interval[0, 1]
        assert found.rank_interval[2].tolist() == [3, 3]
    assert 180 <= held <= 199 and 180 <= apart <= 199 and ranks >= 190


def test_models_that_always_agree_share_their_rank():
    found = ranked(RankingSums(10.0, np.full((2, 2), 5.0)))
    assert found.rank.tolist() == [1.5, 1.5]
    assert found.difference_interval[0, 1].tolist() == [0, 0]
    assert found.rank_interval[0, 0] <= 1.5 <= found.rank_interval[0, 1]


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match="no model"):
        rank_models(np.zeros(3, int), {})
    with pytest.raises(InputError, match="'small'"):
        rank_models(np.zeros(3, int), {"small": np.zeros(2, int)})
    with pytest.raises(InputError, match="differ in length"):
        rank_models(np.zeros(3, int), {"a": np.zeros(3, int)}, posterior=np.eye(2))
