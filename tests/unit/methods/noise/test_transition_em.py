import numpy as np
from scipy.special import softmax

from labelworks.tasks.methods.noise.core.transition_em import (
    NoisyLabels,
    first_guess,
    log_of,
    sharpen,
    shrunk,
    sorted_rows,
)


def plain_em(labels, probs, strength, steps):
    classes = probs.shape[1]
    transition = first_guess(classes)
    for _ in range(steps):
        posterior = probs * transition[:, labels].T
        posterior /= posterior.sum(axis=1, keepdims=True)
        counts = np.stack([posterior[labels == given].sum(axis=0) for given in range(classes)], axis=1)
        transition = shrunk(counts, strength)
    return transition


def test_the_steps_by_blocks_are_those_by_rows():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), 300).astype(np.float32)
    labels = rng.integers(0, 4, 300).astype(np.int32)
    labels, probs = sorted_rows(labels, probs)
    data = NoisyLabels(labels, log_of(probs))
    found = data.fit(data.sharpened(1.0), 5.0, np.ones(300, np.float32), steps=12, gain=-1)
    np.testing.assert_allclose(found, plain_em(labels, probs.astype(float), 5.0, 12), atol=1e-5)


def test_every_step_raises_the_likelihood():
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(5) * 0.3, 500).astype(np.float32)
    labels, probs = sorted_rows(rng.integers(0, 5, 500).astype(np.int32), probs)
    data = NoisyLabels(labels, log_of(probs))
    ones, sharp = np.ones(500, np.float32), data.sharpened(1.3)
    found = [
        data.log_likelihood(sharp, data.fit(sharp, 0.0, ones, steps=k, gain=-1), ones) for k in (1, 5, 25)
    ]
    assert found == sorted(found)


def test_sharpening_is_a_softmax():
    logs = np.log(np.random.default_rng(2).dirichlet(np.ones(6), 40)).astype(np.float32)
    np.testing.assert_allclose(sharpen(logs, 2.5), softmax(2.5 * logs, axis=1), atol=1e-6)


def test_an_empty_class_gets_the_common_rate():
    expected = np.array([[90.0, 10.0, 0.0], [10.0, 90.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(shrunk(expected, 10.0)[2], [0.05, 0.05, 0.9], atol=1e-6)
