import numpy as np

from labelworks.tasks.methods.noise.core.reservoir import Reservoir


def parts(rows, size):
    labels = np.arange(rows, dtype=np.int32)
    return [
        (labels[at : at + size], np.zeros((min(size, rows - at), 2), np.float32))
        for at in range(0, rows, size)
    ]


def test_a_small_sample_is_everything_in_order():
    reservoir = Reservoir(100, 0)
    for labels, probs in parts(90, 40):
        reservoir.add(labels, probs)
    np.testing.assert_array_equal(reservoir.sample()[0], np.arange(90))


def test_a_large_one_keeps_its_capacity_evenly():
    reservoir = Reservoir(2000, 0)
    for labels, probs in parts(50_000, 700):
        reservoir.add(labels, probs)
    kept, probs = reservoir.sample()
    assert len(kept) == len(probs) == 2000 == len(np.unique(kept))
    share = np.histogram(kept, bins=10, range=(0, 50_000))[0]
    assert share.min() > 140
    assert share.max() < 260


def test_the_sample_is_not_that_of_a_caller_with_the_same_seed():
    chosen = np.random.default_rng(0).random(10_000) < 0.3
    reservoir = Reservoir(5000, 0)
    reservoir.add(chosen.astype(np.int32))
    assert abs(reservoir.sample()[0].mean() - 0.3) < 0.03
