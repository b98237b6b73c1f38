import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.regression.detect import detect_regression
from labelworks.tasks.methods.regression.outliers import Outliers
from labelworks.tasks.methods.regression.pairs import ExchangedPairs


def measured(seed=0, rows=2000, wrong=0.05, tails="normal"):
    """A model's predictions, labels around them, some labels replaced by those of another day."""
    rng = np.random.default_rng(seed)
    predicted = rng.normal(0, 10, rows)
    noise = rng.normal(0, 1, rows) if tails == "normal" else rng.standard_t(3, rows)
    bad = rng.random(rows) < wrong
    labels = np.where(bad, rng.normal(0, 10, rows), predicted + noise)
    return labels, predicted, bad


def test_large_residuals_are_flagged_and_foretold():
    labels, predicted, bad = measured()
    result = detect_regression(labels, predicted)
    real = bad & (np.abs(labels - predicted) > 8)
    assert result.flag[real].all()
    assert result.score[real].max() < result.score[~bad].mean()
    assert result.noise_rate == pytest.approx(0.05, abs=0.03)
    assert result.error_probability[real].min() > 0.9
    np.testing.assert_allclose(result.suggestion[~bad], predicted[~bad].astype(np.float32))


@pytest.mark.parametrize("tails", ["normal", "t3"])
def test_the_false_discovery_rate_holds_on_average(tails):
    shares = []
    for seed in range(40):
        labels, predicted, bad = measured(seed, rows=1000, tails=tails)
        flag = detect_regression(labels, predicted, fdr=0.2).flag
        shares.append((flag & ~bad).sum() / max(flag.sum(), 1))
    assert np.mean(shares) <= 0.2 + 2 * np.std(shares) / np.sqrt(40)


def test_error_probability_is_calibrated():
    told, real = [], []
    for seed in range(20):
        labels, predicted, bad = measured(seed, wrong=0.15)
        result = detect_regression(labels, predicted)
        told.append(result.error_probability.astype(float))
        real.append(bad)
    told, real = np.concatenate(told), np.concatenate(real)
    for low, high in ((0.0, 0.2), (0.9, 1.01)):
        inside = (told >= low) & (told < high)
        assert told[inside].mean() == pytest.approx(real[inside].mean(), abs=0.06)


def test_swapped_labels_are_paired():
    labels, predicted, _ = measured(wrong=0)
    pairs = [(3, 900), (40, 41), (77, 1500)]
    pairs = [(a, b) for a, b in pairs if abs(predicted[a] - predicted[b]) > 6]
    assert len(pairs) >= 2
    for a, b in pairs:
        labels[[a, b]] = labels[[b, a]]
    result = detect_regression(labels, predicted)
    for a, b in pairs:
        assert (result.swapped_with[a], result.swapped_with[b]) == (b, a)
        assert result.suggestion[a] == np.float32(labels[b])
    alone = np.setdiff1d(np.arange(2000), np.ravel(pairs))
    assert (result.swapped_with[alone] == -1).all()


def test_spread_excuses_rows_the_model_is_unsure_of():
    labels, predicted, _ = measured(wrong=0)
    labels[5] += 30
    spread = np.ones(2000)
    assert detect_regression(labels, predicted, spread=spread).flag[5]
    spread[5] = 30
    assert not detect_regression(labels, predicted, spread=spread).flag[5]


def test_order_unit_and_sign_change_nothing():
    labels, predicted, _ = measured()
    whole = detect_regression(labels, predicted)
    order = np.random.default_rng(1).permutation(len(labels))
    moved = detect_regression(-1000 * labels[order] + 7, -1000 * predicted[order] + 7)
    np.testing.assert_allclose(moved.score, whole.score[order], atol=1e-5)
    assert moved.flag.tolist() == whole.flag[order].tolist()


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_perfect_model_flags_nothing_and_an_outlier_alone(rows):
    labels = np.arange(float(rows))
    assert not detect_regression(labels, labels).flag.any()
    more = np.arange(20.0)
    off = np.where(more == 4, 90.0, more)
    assert np.flatnonzero(detect_regression(off, more).flag).tolist() == [4]


def test_unusable_input_is_refused_with_its_row():
    labels, predicted, _ = measured(rows=10)
    with pytest.raises(InputError, match="row 4"):
        detect_regression(np.where(np.arange(10) == 4, np.nan, labels), predicted)
    with pytest.raises(InputError, match="row 6"):
        detect_regression(labels, predicted, spread=np.where(np.arange(10) == 6, 0, 1))
    with pytest.raises(InputError, match="10 labels, 9 predictions"):
        detect_regression(labels, predicted[:9])
    with pytest.raises(ConfigError, match="fdr"):
        detect_regression(labels, predicted, fdr=1.5)


def test_what_some_rows_teach_is_said_of_others():
    labels, predicted, _ = measured(rows=8000)
    learned = Outliers.fit(labels[:4000], predicted[:4000])
    whole = detect_regression(labels, predicted)
    p_value = learned.p_value(labels[4000:], predicted[4000:])
    np.testing.assert_allclose(p_value, whole.score[4000:], atol=0.06)
    error = learned.error_probability(labels[4000:], predicted[4000:])
    assert np.abs(error - whole.error_probability[4000:]).mean() < 0.01
    assert ((error > 0.5) != whole.flag[4000:]).mean() < 0.01


NOISES = {
    "heavy-tailed": lambda rng, predicted: rng.standard_t(2.5, len(predicted)),
    "skewed": lambda rng, predicted: rng.exponential(2, len(predicted)),
    "wider above": lambda rng, predicted: np.exp(predicted / 8) * rng.normal(size=len(predicted)),
    "bent": lambda rng, predicted: predicted**2 / 10 + rng.normal(size=len(predicted)),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_of_any_kind_is_no_error(noise, seed):
    rng = np.random.default_rng(seed)
    predicted = rng.normal(0, 10, 1500)
    labels = predicted + NOISES[noise](rng, predicted)
    result = detect_regression(labels, predicted)
    assert not result.flag.any() and result.noise_rate == 0 and (result.error_probability == 0).all()


def test_a_residual_that_is_usual_there_is_no_error_and_the_same_elsewhere_is():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0, 100, 3000)
    labels = predicted + predicted / 10 * rng.normal(size=3000)
    labels[0], predicted[0], labels[1], predicted[1] = 115.0, 95.0, 60.0, 4.0
    result = detect_regression(labels, predicted)
    assert result.score[0] > 0.01 and not result.flag[0]
    assert result.score[1] < result.score[0] / 10
    low, high = Outliers.fit(labels, predicted).usual(np.array([10.0, 90.0]))
    np.testing.assert_allclose(high - low, [3.9, 35.3], rtol=0.25)


def test_pairs_are_claimed_as_often_as_they_are_right():
    """Half of the suspects are exchanged, half are any number: with little noise pairs can be told."""
    for noise, least in ((0.01, 60), (3.0, 0)):
        rng = np.random.default_rng(5)
        centre = rng.normal(0, 10, 200)
        given = centre + noise * rng.normal(size=200)
        given[:100] = given[:100].reshape(50, 2)[:, ::-1].ravel()
        given[100:] = rng.normal(0, 10, 100)
        found = ExchangedPairs.find(given, centre - 1.96 * noise, centre + 1.96 * noise, np.full(200, 0.99))
        claimed = found.probability > 0.5
        right = found.other == np.arange(200) + np.where(np.arange(200) % 2, -1, 1)
        right[100:] = False
        assert claimed.sum() >= least
        assert found.probability[claimed].sum() <= (claimed & right).sum() + 3 * np.sqrt(claimed.sum() + 1)
        assert (found.other[found.other[found.other >= 0]] == np.flatnonzero(found.other >= 0)).all()


def test_no_pairs_are_found_among_numbers_that_were_not_exchanged():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        centre, given = rng.normal(0, 10, (2, 150))
        found = ExchangedPairs.find(given, centre - 1, centre + 1, np.full(150, 0.99))
        assert (found.probability > 0.8).sum() <= 2
