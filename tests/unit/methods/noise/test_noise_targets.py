import numpy as np
import pytest
from scipy.stats import false_discovery_control

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.noise import detect, make
from labelworks.tasks.methods.noise.core.claims.targets import (
    NOTHING,
    checked_target,
    false_discovery,
    max_f1,
    within_budget,
)


def test_max_f1_is_the_best_of_all_cuts():
    error = np.random.default_rng(0).beta(0.3, 1.5, 500)
    expected = [2 * error[error >= cut].sum() / ((error >= cut).sum() + error.sum()) for cut in error]
    assert max_f1(error) == error[int(np.argmax(expected))]


def test_a_clean_set_is_left_alone():
    assert max_f1(np.full(1000, 1e-6)) == NOTHING


def test_nothing_is_flagged_where_nothing_may_be_however_sure_an_error_is():
    labels = np.zeros(400, int)
    probs = np.repeat([[1.0, 0.0], [0.0, 1.0]], [380, 20], axis=0)  # error probabilities of 1 in float32
    for method in ("auto", "self-confidence"):
        model = make(method, {"target": {"budget": 0}})
        model.update(labels, probs)
        model.finish()
        assert not model.score(labels, probs).flag.any()


def test_the_budget_is_not_passed_by_ties():
    error = np.array([0.9, 0.8, 0.8, 0.8, 0.1])
    assert within_budget(error, 0.4) == 0.9
    assert within_budget(error, 0.8) == 0.8
    assert within_budget(error, 1.0) == 0.0
    assert within_budget(error, 0.0) == NOTHING


def test_false_discovery_is_benjamini_hochberg_on_conformal_p_values():
    rng = np.random.default_rng(1)
    clean = rng.beta(1, 8, 2000)
    error = np.concatenate([rng.beta(1, 8, 300), rng.beta(8, 1, 60)])
    p_values = [(1 + (clean >= each).sum()) / 2001 for each in error]
    expected = false_discovery_control(p_values, method="bh") <= 0.1
    np.testing.assert_array_equal(error >= false_discovery(error, clean, 0.1), expected)
    assert false_discovery(clean[:100], np.ones(50), 0.1) == NOTHING


@pytest.mark.parametrize(
    "target", ["f1", {"fdr": 0}, {"fdr": 1.2}, {"budget": -1}, {"fdr": 0.1, "budget": 3}, {}]
)
def test_other_targets_are_refused(target):
    with pytest.raises(ConfigError, match="choices"):
        checked_target(target)


@pytest.mark.parametrize("nominal", [0.05, 0.1, 0.2])
def test_the_false_discovery_rate_is_kept_over_many_noises(nominal):
    shares = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        classes, rows = int(rng.integers(3, 7)), 400
        true = rng.integers(0, classes, rows)
        logits = rng.normal(size=(rows, classes)) * 1.2
        logits[np.arange(rows), true] += 3
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        noise = rng.dirichlet(np.ones(classes), classes) * rng.uniform(0.1, 0.4)
        labels = np.where(
            rng.random(rows) < noise.sum(axis=1)[true],
            [rng.choice(classes, p=noise[k] / noise[k].sum()) for k in true],
            true,
        )
        flag = detect(labels, probs, target={"fdr": nominal}).flag
        shares.append((labels == true)[flag].mean() if flag.any() else 0.0)
    assert np.mean(shares) <= nominal + 2 * np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert np.mean(shares) > 0
