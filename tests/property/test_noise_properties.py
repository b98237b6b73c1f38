import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.noise import detect

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
    "class-gaussians", "area-under-margin", "semd", "auto-neighbours",
]  # fmt: skip
DRAWN = ("landmarks", "auto-neighbours")  # landmarks or flips, other ones when classes change places


@pytest.mark.parametrize("method", FEATURES)
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


@pytest.mark.parametrize("method", [each for each in [*FEATURES, "label-text"] if each not in DRAWN])
def test_permuting_rows_permutes_what_features_say(method):
    rng, labels, probs = labelled(5)
    features = np.log(probs).astype(np.float32) + rng.normal(size=probs.shape).astype(np.float32)
    rows, classes = rng.permutation(len(labels)), rng.permutation(probs.shape[1])
    names = np.eye(probs.shape[1], dtype=np.float32)
    ask, renamed = {}, {}
    if method == "label-text":
        ask, renamed = {"class_vectors": names}, {"class_vectors": names[np.argsort(classes)]}
    plain = detect(labels, probs, features=features, method=method, **ask)
    moved = detect(labels[rows], probs[rows], features=features[rows], method=method, **ask)
    agree(moved, plain, rows)
    named = detect(
        classes[labels], probs[:, np.argsort(classes)], features=features, method=method, **renamed
    )
    nearly_agree(named, plain, classes, 1e-3)


def labelled(seed, rows=200, classes=4):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(classes, 0.4), rows)
    labels = np.where(rng.random(rows) < 0.8, probs.argmax(axis=1), rng.integers(0, classes, rows))
    return rng, labels, probs


def agree(moved, plain, rows, classes=None):
    """One result is the other with rows or classes moved; rows near the cut may change sides."""
    np.testing.assert_allclose(moved.score, plain.score[rows], atol=1e-3)
    np.testing.assert_allclose(moved.error_probability, plain.error_probability[rows], atol=1e-3)
    least = plain.error_probability[plain.flag].min(initial=1.0)
    at_cut = np.abs(plain.error_probability[rows] - least) <= 2e-3
    assert (at_cut | (moved.flag == plain.flag[rows])).all()
    suggested_alike(moved, plain, rows, classes)


def nearly_agree(moved, plain, classes, score):
    """As much of it as is left where flips are other draws: they are when classes change places."""
    np.testing.assert_allclose(moved.score, plain.score, atol=score)
    assert np.abs(moved.error_probability - plain.error_probability).mean() < 0.03
    assert (moved.flag != plain.flag).mean() < 0.06
    suggested_alike(moved, plain, slice(None), classes)


def suggested_alike(moved, plain, rows, classes):
    both = moved.flag & plain.flag[rows]
    suggested = plain.suggestion[rows] if classes is None else classes[plain.suggestion[rows]]
    differ = np.count_nonzero(moved.suggestion[both] != suggested[both])
    assert differ <= 0.1 * both.sum()  # posteriors of two classes may be level but for rounding


def more(method, labels, classes, rng):
    """What else a method sees: votes that mostly say the label."""
    if method != "crowd-posterior":
        return {}
    votes = 0.5 * np.eye(classes)[labels] + 0.5 * rng.dirichlet(np.ones(classes), len(labels))
    return {"votes": votes.astype(np.float32)}


@pytest.mark.parametrize("method", [*METHODS, *SCORES, "crowd-posterior"])
@given(seed=st.integers(0, 2**20))
def test_permuting_rows_permutes_the_result(method, seed):
    rng, labels, probs = labelled(seed)
    rows, beside = rng.permutation(len(labels)), more(method, labels, 4, rng)
    plain = detect(labels, probs, method=method, **beside)
    there = {name: values[rows] for name, values in beside.items()}
    agree(detect(labels[rows], probs[rows], method=method, **there), plain, rows)


@pytest.mark.parametrize("method", [*METHODS, *SCORES, "crowd-posterior"])
@given(seed=st.integers(0, 2**20))
def test_permuting_classes_permutes_the_result(method, seed):
    rng, labels, probs = labelled(seed)
    classes, beside = rng.permutation(probs.shape[1]), more(method, labels, 4, rng)
    plain = detect(labels, probs, method=method, **beside)
    there = {name: values[:, np.argsort(classes)] for name, values in beside.items()}
    moved = detect(classes[labels], probs[:, np.argsort(classes)], method=method, **there)
    if method in ("auto", *SCORES):
        nearly_agree(moved, plain, classes, 0.05 if method == "auto" else 1e-3)
    else:
        agree(moved, plain, slice(None), classes)
    np.testing.assert_allclose(moved.transition[np.ix_(classes, classes)], plain.transition, atol=1e-3)


@pytest.mark.parametrize("method", [each.name for each in registry.methods("noise")])
def test_a_perfect_dataset_flags_about_nothing(method):
    labels = np.arange(2000) % 7
    probs = np.full((2000, 7), 0.002)
    probs[np.arange(2000), labels] = 1 - 6 * 0.002
    features = 8 * np.eye(7, 9)[labels] + np.random.default_rng(0).normal(size=(2000, 9))
    ask = {"class_vectors": np.eye(7, 9)} if method == "label-text" else {}
    votes = 0.9 * np.eye(7)[labels] + 0.1 / 7
    result = detect(labels, probs, features=features.astype(np.float32), votes=votes, method=method, **ask)
    assert result.flag.sum() <= 1
    # A model that always agrees with rules may repeat them, and an inferred posterior has heard it: what
    # these leave open stays open.
    assert result.noise_rate < (0.1 if method in ("rule-posterior", "inferred-posterior") else 0.02)
