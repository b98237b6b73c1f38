import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.label_shift import estimate_prior

ESTIMATORS = [method.name for method in registry.methods("prior")]
T = np.array([[0.8, 0.2, 0.0], [0.0, 0.8, 0.2], [0.2, 0.0, 0.8]])
SOURCE, TARGET = np.array([0.4, 0.4, 0.2]), np.array([0.1, 0.3, 0.6])


def draw(rng, rows, prior, spread=1.2):
    """Gaussian classes on a triangle: labels and the exact posteriors under the source prior."""
    centres = 2.0 * np.array([[1, 0], [-0.5, 0.87], [-0.5, -0.87]])
    labels = rng.choice(3, rows, p=prior)
    points = centres[labels] + spread * rng.normal(size=(rows, 2))
    squares = ((points[:, None] - centres) ** 2).sum(axis=2)
    density = SOURCE * np.exp(-squares / (2 * spread**2))
    return labels, density / density.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(0)
    labels, probs = draw(rng, 3000, SOURCE)
    _, target = draw(rng, 3000, TARGET)
    return labels, probs, target


@pytest.mark.parametrize("method", ESTIMATORS)
def test_finds_a_moved_prior(windows, method):
    found = estimate_prior(*windows, method=method)
    assert np.abs(found.prior - TARGET).max() < 0.035
    assert found.prior.sum() == pytest.approx(1)
    assert np.allclose(found.weights * found.source_prior, found.prior)
    assert (found.interval[:, 0] <= found.prior + 1e-9).all()
    assert (found.prior <= found.interval[:, 1] + 1e-9).all()
    assert (np.diff(found.interval) < 0.15).all()


@pytest.mark.parametrize("method", ESTIMATORS)
def test_sees_through_label_noise(windows, method):
    labels, probs, target = windows
    rng = np.random.default_rng(1)
    given = np.array([rng.choice(3, p=T[label]) for label in labels])
    noisy, noisy_target = probs @ T, target @ T
    aware = estimate_prior(given, noisy, noisy_target, method=method, noise_transition=T)
    blind = estimate_prior(given, noisy, noisy_target, method=method)
    assert np.abs(aware.prior - TARGET).max() < 0.05
    assert np.abs(aware.source_prior - SOURCE).max() < 0.03
    assert np.abs(blind.prior - TARGET).max() > 0.08


@pytest.mark.parametrize("method", ESTIMATORS)
def test_no_shift_gives_weights_of_one(method):
    rng = np.random.default_rng(5)
    labels, probs = draw(rng, 2000, SOURCE)
    found = estimate_prior(labels, probs, probs, method=method)
    assert np.abs(found.weights - 1).max() < 0.12


@pytest.mark.parametrize("method", ESTIMATORS)
def test_a_class_missing_in_the_target_gets_almost_nothing(method):
    rng = np.random.default_rng(6)
    labels, probs = draw(rng, 2000, SOURCE, spread=0.7)
    _, target = draw(rng, 1000, np.array([0.5, 0.5, 0.0]), spread=0.7)
    assert estimate_prior(labels, probs, target, method=method).prior[2] < 0.02


@pytest.mark.parametrize("method", ESTIMATORS)
def test_a_class_missing_in_the_source_is_said(windows, method):
    labels, probs, target = windows
    kept = labels != 1
    found = estimate_prior(labels[kept], probs[kept], target, method=method)
    assert found.prior[1] == 0 and found.weights[1] == 0
    assert found.prior.sum() == pytest.approx(1)
    assert any("can't be found in the target: 1" in note for note in found.notes)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_hard_zeros_and_ones(method):
    rng = np.random.default_rng(7)
    labels, probs = draw(rng, 3000, SOURCE)
    _, target = draw(rng, 3000, TARGET)
    hard, hard_target = np.eye(3)[probs.argmax(axis=1)], np.eye(3)[target.argmax(axis=1)]
    found = estimate_prior(labels, hard, hard_target, method=method)
    assert np.abs(found.prior - TARGET).max() < 0.12


@pytest.mark.parametrize("method", ESTIMATORS)
def test_float16_is_the_same(windows, method):
    labels, probs, target = windows
    full = estimate_prior(labels, probs, target, method=method)
    half = estimate_prior(labels, probs.astype(np.float16), target.astype(np.float16), method=method)
    assert np.abs(full.prior - half.prior).max() < 0.01


@pytest.mark.parametrize("method", ESTIMATORS)
def test_uninformative_probabilities_don_t_give_nan(method):
    rng = np.random.default_rng(8)
    flat = np.full((200, 3), 1 / 3)
    found = estimate_prior(rng.integers(0, 3, 200), flat, flat, method=method)
    assert np.isfinite(found.prior).all() and np.isfinite(found.weights).all()
    assert found.notes


@pytest.mark.parametrize("method", ESTIMATORS)
def test_one_row(windows, method):
    labels, probs, target = windows
    found = estimate_prior(labels, probs, target[:1], method=method)
    assert np.isfinite(found.prior).all() and found.prior.sum() == pytest.approx(1)
    lonely = estimate_prior(labels[:1], probs[:1], target, method=method)
    assert np.isfinite(lonely.prior).all() and lonely.notes


@pytest.mark.parametrize("method", ESTIMATORS)
def test_inputs_are_left_alone(windows, method):
    copies = [array.copy() for array in windows]
    estimate_prior(*windows, method=method)
    assert all((now == then).all() for now, then in zip(windows, copies, strict=True))


def test_bad_input_is_refused(windows):
    labels, probs, target = windows
    broken = probs.copy()
    broken[7, 0] = np.nan
    with pytest.raises(InputError, match="row 7 of probs"):
        estimate_prior(labels, broken, target)
    with pytest.raises(InputError, match="row 0 of target_probs is no distribution: it sums to 2"):
        estimate_prior(labels, probs, 2 * target)
    with pytest.raises(InputError, match="3 classes and target_probs 2"):
        estimate_prior(labels, probs, target[:, :2] / target[:, :2].sum(axis=1, keepdims=True))
    with pytest.raises(InputError, match="outside 0"):
        estimate_prior(labels + 1, probs, target)
    with pytest.raises(InputError, match="one label for each"):
        estimate_prior(labels[:-1], probs, target)
    with pytest.raises(InputError, match="noise_transition"):
        estimate_prior(labels, probs, target, noise_transition=2 * np.eye(3))
    with pytest.raises(ConfigError, match="unknown prior method"):
        estimate_prior(labels, probs, target, method="em-bct")


@pytest.mark.parametrize("method", ["kdey", "dmy"])
def test_intervals_know_how_few_rows_were_labelled(windows, method):
    labels, probs, target = windows
    few, many = (
        np.diff(estimate_prior(labels[:rows], probs[:rows], target, method=method).interval).mean()
        for rows in (200, 3000)
    )
    assert few > 1.4 * many
