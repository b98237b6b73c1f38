import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.methods.noise import detect

METHODS = ["auto", "noise-transition", "confident-learning"]
SCORES = ["self-confidence", "normalized-margin", "confidence-weighted-entropy", "small-loss"]


@st.composite
def noisy(draw):
    """Any labels with any probabilities: classes may be empty, p may be 0 or 1, rows may tie."""
    classes = draw(st.integers(2, 5))
    rows = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    probs = rng.dirichlet(np.full(classes, draw(st.sampled_from([0.05, 0.5, 5.0]))), rows)
    if draw(st.booleans()):
        probs = np.eye(classes)[probs.argmax(axis=1)]
    if draw(st.booleans()):
        probs = np.repeat(probs[:1], rows, axis=0)
    labels = rng.integers(0, draw(st.integers(1, classes)), rows)
    return labels, probs.astype(draw(st.sampled_from([np.float16, np.float32, np.float64])))


@pytest.mark.parametrize("method", METHODS + SCORES)
@settings(deadline=None, max_examples=25)
@given(data=noisy())
def test_results_are_sound_on_any_input(method, data):
    labels, probs = data
    result = detect(labels, probs, method=method)
    for array in (result.score, result.error_probability):
        assert np.isfinite(array).all()
        assert array.min() >= 0
        assert array.max() <= 1
    assert (result.suggestion[result.flag] != labels[result.flag]).all()
    assert 0 <= result.noise_rate_interval[0] <= result.noise_rate_interval[1] <= 1
    np.testing.assert_allclose(result.transition.sum(axis=1), 1)


FEATURES = [
    "neighbour-consistency", "neighbour-credibility", "label-propagation", "landmarks", "mahalanobis",
    "class-gaussians", "area-under-margin", "semd",
]  # fmt: skip


@pytest.mark.parametrize("method", FEATURES)
@settings(deadline=None, max_examples=12)
@given(data=noisy(), copies=st.booleans(), seed=st.integers(0, 2**20))
def test_methods_on_features_are_sound_on_any_input(method, data, copies, seed):
    labels, probs = (np.concatenate([part] * 12) for part in data)  # neighbours are ten
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(len(labels), 3)).astype(np.float32)
    if copies:
        features[:] = features[rng.integers(0, 3, len(labels))]
    result = detect(labels, probs, features=features, method=method)
    for array in (result.score, result.error_probability):
        assert np.isfinite(array).all()
        assert array.min() >= 0
        assert array.max() <= 1
    assert (result.suggestion[result.flag] != labels[result.flag]).all()


@pytest.mark.parametrize("method", [each for each in FEATURES if each != "landmarks"])  # drawn by chance
def test_permuting_rows_permutes_what_features_say(method):
    rng, labels, probs = labelled(5)
    features = np.log(probs).astype(np.float32) + rng.normal(size=probs.shape).astype(np.float32)
    rows, classes = rng.permutation(len(labels)), rng.permutation(probs.shape[1])
    plain = detect(labels, probs, features=features, method=method)
    moved = detect(labels[rows], probs[rows], features=features[rows], method=method)
    np.testing.assert_allclose(moved.score, plain.score[rows], atol=1e-3)
    named = detect(classes[labels], probs[:, np.argsort(classes)], features=features, method=method)
    np.testing.assert_allclose(named.score, plain.score, atol=1e-3)


def labelled(seed, rows=200, classes=4):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(classes, 0.4), rows)
    labels = np.where(rng.random(rows) < 0.8, probs.argmax(axis=1), rng.integers(0, classes, rows))
    return rng, labels, probs


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**20))
def test_permuting_rows_permutes_the_result(method, seed):
    rng, labels, probs = labelled(seed)
    rows = rng.permutation(len(labels))
    plain = detect(labels, probs, method=method)
    moved = detect(labels[rows], probs[rows], method=method)
    np.testing.assert_allclose(moved.score, plain.score[rows], atol=1e-3)
    np.testing.assert_allclose(moved.error_probability, plain.error_probability[rows], atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**20))
def test_permuting_classes_permutes_the_result(method, seed):
    rng, labels, probs = labelled(seed)
    classes = rng.permutation(probs.shape[1])
    plain = detect(labels, probs, method=method)
    moved = detect(classes[labels], probs[:, np.argsort(classes)], method=method)
    drawn_anew = 0.05 if method == "auto" else 1e-3  # its flips are other draws when classes change places
    np.testing.assert_allclose(moved.score, plain.score, atol=drawn_anew)
    np.testing.assert_allclose(moved.transition[np.ix_(classes, classes)], plain.transition, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_a_perfect_dataset_flags_nothing(method):
    labels = np.arange(2000) % 7
    probs = np.full((2000, 7), 0.002)
    probs[np.arange(2000), labels] = 1 - 6 * 0.002
    result = detect(labels, probs, method=method)
    assert not result.flag.any()
    assert result.noise_rate < 0.005
