"""Errors that go with the features: what a second view proves, what audits settle, what isn't promised."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import f1_score

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.neighbours.cosine import nearest
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.auto import Auto
from labelworks.tasks.methods.noise.core.claims.rate_range import rate_range
from labelworks.tasks.methods.noise.core.second_view import agreed_errors, strata_of, vote_of

CLASSES = 4


def hard_rows(rows=4000, rate=0.2, seed=0, kind="hard"):
    """Clusters apart from each other; probabilities that have learned where labels go wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, CLASSES, rows)
    hard = rng.random(rows)
    features = np.eye(CLASSES)[true] * 6 + rng.normal(size=(rows, CLASSES))
    other = (true + rng.integers(1, CLASSES, rows)) % CLASSES
    chance = np.clip(hard**3 * rate * 4, 0, 0.8) if kind == "hard" else np.full(rows, rate)
    labels = np.where(rng.random(rows) < chance, other, true)
    probs = np.full((rows, CLASSES), 0.01)
    probs += (chance / (CLASSES - 1))[:, None]
    probs[np.arange(rows), true] = 1 - chance
    probs += 0.02 * rng.random((rows, CLASSES))
    probs /= probs.sum(axis=1, keepdims=True)
    return labels, probs.astype(np.float32), features.astype(np.float32), labels != true


def test_the_vote_is_the_commonest_label_and_the_likelier_of_two_as_common():
    probs = np.array([[0.2, 0.7, 0.1], [0.2, 0.7, 0.1]], np.float32)
    np.testing.assert_array_equal(vote_of(np.array([[0, 0, 1], [0, 1, 2]]), probs), [0, 1])


def test_strata_hold_as_many_rows_each_the_surest_first():
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 1000).astype(np.float32)
    strata = strata_of(probs)
    assert set(np.bincount(strata)) == {100}
    ahead = np.diff(np.sort(probs, axis=1)[:, -2:], axis=1)[:, 0]
    assert ahead[strata == 0].min() >= ahead[strata == 9].max()


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_where_two_views_hardly_differ_all_that_they_contradict_is_wrong(rate):
    labels, probs, features, wrong = hard_rows(rate=rate)
    found = agreed_errors(labels.astype(np.int32), probs, vote_of(labels[nearest(features)], probs))
    assert found.least - 0.02 <= wrong.mean() <= found.most + 0.02
    assert abs(found.rate - wrong.mean()) < 0.03


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_errors_among_hard_rows_are_found_with_features(rate):
    labels, probs, features, wrong = hard_rows(rate=rate)
    alone, heard = detect(labels, probs), detect(labels, probs, features=features)
    simple = f1_score(wrong, probs.argmax(axis=1) != labels)
    assert f1_score(wrong, heard.flag) >= max(simple - 0.05, f1_score(wrong, alone.flag) - 0.01)
    assert abs(heard.noise_rate - wrong.mean()) <= abs(alone.noise_rate - wrong.mean()) + 0.01


@pytest.mark.parametrize("kind", ["hard", "anywhere"])
@pytest.mark.parametrize("seen", [False, True])
def test_the_range_of_the_rate_holds_and_says_what_it_rests_on(kind, seen):
    for seed in range(5):
        labels, probs, features, wrong = hard_rows(seed=seed, kind=kind)
        found = detect(labels, probs, features=features if seen else None)
        low, high = found.noise_rate_interval
        assert low <= wrong.mean() <= high
        assert low <= found.noise_rate <= high
        assert ("nearest rows" in found.reason) == seen


def test_a_model_that_heard_a_vote_scores_the_same_where_it_is_sent():
    labels, probs, features, _ = hard_rows(kind="hard")
    model = Auto()
    model.update(labels, probs, neighbour_vote=vote_of(labels[nearest(features)], probs))
    model.finish()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score(labels, probs).score, model.score(labels, probs).score)


@pytest.mark.parametrize("nominal", [0.05, 0.1, 0.2])
def test_no_share_of_false_discoveries_is_promised_where_errors_lean_to_hard_rows(nominal):
    labels, probs, features, _ = hard_rows(kind="hard")
    found = detect(labels, probs, features=features, target={"fdr": nominal})
    assert not found.flag.any()
    assert "nothing is flagged" in found.reason


@pytest.mark.parametrize(("nominal", "least"), [(0.05, 0), (0.1, 100), (0.2, 100)])
def test_rows_looked_at_keep_the_share_of_false_discoveries(nominal, least):
    shares, inside, flagged = [], [], []
    for seed in range(12):
        labels, probs, features, wrong = hard_rows(seed=seed, kind="hard")
        first = detect(labels, probs, features=features)
        rng = np.random.default_rng(seed)
        likely = np.argsort(-first.error_probability)[:1200]
        rows = np.unique(np.concatenate([rng.choice(len(labels), 50), rng.choice(likely, 50)]))
        found = detect(
            labels, probs, features=features, audited=(rows, ~wrong[rows]), target={"fdr": nominal}
        )
        shares.append((~wrong)[found.flag].mean() if found.flag.any() else 0.0)
        low, high = found.noise_rate_interval
        inside.append(low <= wrong.mean() <= high)
        assert found.reason.endswith("looked at")
        flagged.append(found.flag.sum())
    assert np.mean(shares) <= nominal + 2 * np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert np.mean(flagged) >= least  # a hundred looks seldom prove .05
    assert np.mean(inside) >= 0.8


def test_what_was_looked_at_is_known():
    labels, probs, _, wrong = hard_rows()
    rows = np.arange(0, 4000, 50)
    found = detect(labels, probs, audited=(rows, ~wrong[rows]), posterior=True)
    np.testing.assert_array_equal(found.error_probability[rows], wrong[rows])
    np.testing.assert_array_equal(found.flag[rows], wrong[rows])
    assert found.posterior is not None
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, atol=1e-4)
    assert (found.suggestion[found.flag] != labels[found.flag]).all()


def test_rows_all_of_which_are_right_leave_no_error_rate_open_below():
    labels, probs, _, _ = hard_rows(rate=0.0)
    found = detect(labels, probs, audited=(np.arange(100), np.ones(100, bool)))
    assert found.noise_rate_interval[0] == 0.0
    assert found.noise_rate_interval[1] < 0.1


@pytest.mark.parametrize(
    ("audited", "says"),
    [
        (([0, 1], [True]), "don't fit each other"),
        (([0, 99999], [True, True]), "no row numbers"),
        (([0, 0], [True, True]), "audited twice"),
        (([0.5], [True]), "no row numbers"),
    ],
)
def test_an_audit_that_does_not_fit_is_refused(audited, says):
    labels, probs, _, _ = hard_rows(rows=600)
    with pytest.raises(InputError, match=says):
        detect(labels, probs, audited=audited)


def test_a_range_without_a_second_view_reaches_from_half_of_what_is_likely_to_all_that_is_contradicted():
    found = rate_range(0.1, 0.01, 0.3, 10_000, None)
    assert found.low == pytest.approx(0.03)
    assert 0.3 < found.high < 0.37
    assert "features" in found.reason
