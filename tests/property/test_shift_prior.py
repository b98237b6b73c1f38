import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods import arrays, registry
from labelworks.tasks.methods.label_shift import estimate_prior

ESTIMATORS = [method.name for method in registry.methods("prior")]


def windows(seed, classes, source=240, target=120):
    rng = np.random.default_rng(seed)
    centres = 3 * np.eye(classes)
    labels = rng.integers(0, classes, source)
    moved = rng.choice(classes, target, p=rng.dirichlet(np.ones(classes)))
    logits = [centres[y] + rng.normal(size=(len(y), classes)) for y in (labels, moved)]
    probs, target_probs = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in logits)
    return labels, probs, target_probs


@pytest.mark.parametrize("method", ESTIMATORS)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 6))
def test_class_order_doesn_t_matter(method, seed, classes):
    labels, probs, target = windows(seed, classes)
    order = np.random.default_rng(seed).permutation(classes)
    place = np.argsort(order)
    plain = estimate_prior(labels, probs, target, method=method)
    moved = estimate_prior(place[labels], probs[:, order], target[:, order], method=method)
    close = 2e-2 if method == "auto" else 2e-3  # auto draws its simulated shifts class by class
    assert np.abs(plain.prior[order] - moved.prior).max() < close


@pytest.mark.parametrize("method", ESTIMATORS)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 6))
def test_the_estimate_is_a_distribution(method, seed, classes):
    found = estimate_prior(*windows(seed, classes), method=method)
    assert (found.prior >= 0).all() and abs(found.prior.sum() - 1) < 1e-9
    assert found.interval.shape == (classes, 2)
    assert (found.interval >= 0).all() and (found.interval <= 1).all()


@pytest.mark.parametrize("method", ESTIMATORS)
@pytest.mark.parametrize("block", [101, 5000])
def test_chunk_size_doesn_t_matter(method, block, monkeypatch):
    data = windows(3, 4)
    whole = estimate_prior(*data, method=method)
    monkeypatch.setattr(arrays, "BLOCK", block)
    pieces = estimate_prior(*data, method=method)
    assert np.abs(whole.prior - pieces.prior).max() < 1e-6
