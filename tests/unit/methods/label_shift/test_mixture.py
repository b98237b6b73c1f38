import numpy as np
from scipy.optimize import minimize

from labelworks.tasks.methods.label_shift.mixture import maximise

EVEN = np.full(4, 0.25)


def ratios(seed=0, rows=400, classes=4):
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(size=(rows, classes)) * 2).astype(np.float32)


def test_agrees_with_a_general_optimiser():
    ratio = ratios()

    def loss(z):
        w = np.exp(z - z.max())
        return -np.log(ratio.astype(float) @ (w / w.sum())).mean()

    best = minimize(loss, np.zeros(4), tol=1e-10)
    expected = np.exp(best.x - best.x.max())
    found = maximise(ratio, EVEN, tolerance=1e-8)
    assert np.abs(found.weights - expected / expected.sum()).max() < 1e-3
    assert -np.log(ratio @ found.weights).mean() <= best.fun + 1e-6


def test_the_gap_bounds_what_is_lacking():
    ratio = ratios(1)
    rough, fine = maximise(ratio, EVEN, tolerance=1e-2), maximise(ratio, EVEN, tolerance=1e-8)
    lacking = np.log(ratio @ fine.weights).mean() - np.log(ratio @ rough.weights).mean()
    assert 0 <= lacking <= rough.gap < 1e-2


def test_a_class_nobody_shows_gets_nothing():
    ratio = ratios(2)
    ratio[:, 3] = 1e-6
    assert maximise(ratio, EVEN).weights[3] < 1e-4


def test_row_weights_are_repetitions():
    ratio = ratios(3, rows=50)
    times = np.arange(50) % 3 + 1
    repeated = maximise(np.repeat(ratio, times, axis=0), EVEN, tolerance=1e-8)
    weighted = maximise(ratio, EVEN, rows=times.astype(float), tolerance=1e-8)
    assert np.abs(repeated.weights - weighted.weights).max() < 1e-3


def test_starting_from_the_answer_stays_there():
    ratio = ratios(4)
    first = maximise(ratio, EVEN, tolerance=1e-8)
    again = maximise(ratio, first.weights, tolerance=1e-8)
    assert np.abs(first.weights - again.weights).max() < 1e-3


def test_float32_rows_reach_the_maximum_in_few_steps():
    ratio = ratios(5, rows=2000, classes=30)
    assert maximise(ratio, np.full(30, 1 / 30), steps=12).gap < 1e-9


def test_a_class_that_a_single_row_needs_gets_its_share_at_once():
    ratio = np.full((500, 4), 1e-8, dtype=np.float32)
    ratio[:499, :3] += ratios(6, rows=499, classes=3)
    ratio[499, 3] = 1
    start = np.array([1, 1, 1, 1e-9])
    found = maximise(ratio, start / start.sum(), steps=10)
    assert found.gap < 1e-9
    assert abs(found.weights[3] - 1 / 500) < 1e-4


def test_rows_of_a_prior_keep_every_share_above_nothing():
    ratio = ratios(5)
    ratio[:, 3] = 1e-6
    rows = np.array([2.0, 2.0, 2.0, 0.01])
    both, counts = np.vstack([ratio, np.eye(4, dtype=np.float32)]), np.concatenate([np.ones(400), rows])
    least = rows / counts.sum()
    found = maximise(both, EVEN, rows=counts, least=least)
    assert (found.weights >= least - 1e-9).all()
    assert abs(found.value - counts @ np.log(both @ found.weights) / counts.sum()) < 1e-6


def test_of_many_classes_where_most_get_nothing():
    rng = np.random.default_rng(6)
    ratio = np.exp(2 * rng.normal(size=(300, 120))).astype(np.float32)
    found = maximise(ratio, np.full(120, 1 / 120))
    slope = (ratio / (ratio @ found.weights)[:, None]).mean(axis=0)
    assert slope.max() < 1 + 1e-5  # no share would be better elsewhere
    assert (found.weights == 0).sum() > 40
