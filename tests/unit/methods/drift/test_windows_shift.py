from itertools import permutations

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.drift.calendar import calendar
from labelworks.tasks.methods.drift.change_points import beyond_chance, change_points, label_correlation
from labelworks.tasks.methods.label_shift.latent_label_shift import latent

SEEDS, ALARMS = 100, 11  # more than 11 alarms at a level of 5 % come once in 230 such tests


def test_classes_are_found_in_unlabelled_windows():
    rng = np.random.default_rng(0)
    mixes = np.array([[0.85, 0.1, 0.05], [0.05, 0.85, 0.1], [0.1, 0.05, 0.85], [0.4, 0.3, 0.3]])
    windows = np.repeat(np.arange(4), 400)
    truth = np.array([rng.choice(3, p=mixes[window]) for window in windows])
    features = 4 * np.eye(3)[truth] + rng.normal(size=(1600, 3))
    found = latent(features, windows, 3)
    order = min(permutations(range(3)), key=lambda p: np.abs(found.prior[:, p] - mixes).sum())
    assert np.abs(found.prior[:, order] - mixes).max() < 0.12
    assert (found.posterior[:, order].argmax(axis=1) == truth).mean() > 0.9
    assert np.allclose(found.posterior.sum(axis=1), 1)


def test_too_few_windows_for_the_classes():
    with pytest.raises(InputError, match="2 windows can't show 3 classes"):
        latent(np.zeros((10, 2)), np.arange(10) % 2, 3)


def counts(mixes, rows=200, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([rng.multinomial(rows, mix) for mix in mixes])


def test_two_changes_are_found():
    mixes = [[0.7, 0.2, 0.1]] * 10 + [[0.4, 0.4, 0.2]] * 8 + [[0.1, 0.3, 0.6]] * 12
    found = change_points(counts(mixes))
    assert found.points == (10, 18)
    assert max(found.p_values) <= 0.05
    assert np.abs(found.level[20] - [0.1, 0.3, 0.6]).max() < 0.03


def test_a_steady_stream_has_no_changes():
    alarms = [bool(change_points(counts([[0.5, 0.3, 0.2]] * 16, seed=seed)).points) for seed in range(60)]
    assert np.mean(alarms) < 0.15
    with pytest.raises(InputError, match="empty"):
        change_points([[1, 2], [0, 0]])


@pytest.mark.parametrize(("days", "rows"), [(20, 200), (60, 400), (365, 2000), (1100, 3000)])
@pytest.mark.parametrize("grows", [False, True])
def test_rows_of_random_dates_have_no_changes(days, rows, grows):
    """Neither a short first or last window nor ever more rows a window is a change of the mix."""
    alarms = moved = 0
    for seed in range(SEEDS):
        table = by_date(np.random.default_rng(seed), days, rows, grows, [0.4, 0.3, 0.2, 0.06, 0.04])
        alarms += bool(change_points(table).points)
        moved += bool(beyond_chance(table, table.sum(axis=0) / table.sum()).any())
    assert alarms <= ALARMS
    assert moved <= ALARMS


def test_a_change_is_found_beside_short_windows():
    found = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = np.r_[3, rng.integers(20, 40, 22), 2]
        mixes = np.where(np.arange(24)[:, None] < 13, [0.5, 0.3, 0.2], [0.3, 0.3, 0.4])
        table = np.array([rng.multinomial(n, mix) for n, mix in zip(rows, mixes, strict=True)])
        found += any(abs(point - 13) <= 2 for point in change_points(table).points)
    assert found >= 24


def test_a_window_of_another_mix_is_beyond_chance_if_it_has_the_rows():
    moved = beyond_chance([[50, 50], [5, 95], [0, 1], [2, 0]], [0.5, 0.5])
    assert moved.tolist() == [False, True, False, False]
    with pytest.raises(InputError, match="windows with rows"):
        beyond_chance([[0, 0]], [0.5, 0.5])


def by_date(rng, days, rows, grows, mix):
    """Rows of one mix at dates drawn at random, counted by windows (W, K)."""
    at = rng.random(rows) ** (1 / 3 if grows else 1)
    keys = np.floor(20000 + rng.integers(0, 400) + at * days)
    seen, held = np.unique(keys, return_counts=True)
    windows = calendar(seen, held, "day")
    cells = windows.of(keys) * len(mix) + rng.choice(len(mix), rows, p=mix)
    return np.bincount(cells, minlength=len(windows.names) * len(mix)).reshape(-1, len(mix))


def paired(rng, rows, together, rate=0.4):
    first = rng.random(rows) < rate
    second = np.where(rng.random(rows) < together, first, rng.random(rows) < rate)
    return np.stack([first, second, rng.random(rows) < 0.5], axis=1).astype(int)


def test_labels_that_come_apart():
    rng = np.random.default_rng(1)
    found = label_correlation(paired(rng, 400, 0.8), paired(rng, 400, 0.1))
    assert found.p_value < 0.01
    assert found.change[0, 1] == pytest.approx(-0.7, abs=0.15)


def test_changed_rates_alone_don_t_ring():
    rng = np.random.default_rng(2)
    found = label_correlation(paired(rng, 400, 0.0, 0.2), paired(rng, 400, 0.0, 0.6))
    assert found.p_value > 0.05
