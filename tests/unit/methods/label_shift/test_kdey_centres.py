import numpy as np

from labelworks.tasks.methods.label_shift.kdey import Centres, densities

UNDO = np.eye(3)


def made(rows):
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(3), rows).astype(np.float32), rng.integers(0, 3, rows)


def test_a_row_is_not_its_own_kernel():
    probs, labels = made(30)
    own = densities(probs, Centres(probs, labels, own=np.arange(30)), UNDO)
    counts = np.bincount(labels, minlength=3)
    for row in range(30):
        others = np.arange(30) != row
        left = densities(probs[row : row + 1], Centres(probs[others], labels[others]), UNDO)[0]
        left = left * np.bincount(labels[others], minlength=3) / counts  # both by the counts of all rows
        assert np.allclose(own[row] / own[row].sum(), left / left.sum(), atol=1e-4)


def test_times_are_repetitions():
    probs, labels = made(20)
    points, times = made(7)[0], np.arange(20) % 3 + 1
    counted = densities(points, Centres(probs, labels, times), UNDO)
    repeated = densities(points, Centres(np.repeat(probs, times, axis=0), np.repeat(labels, times)), UNDO)
    assert np.allclose(counted, repeated, rtol=1e-4)
