"""Drift tests fed in parts: the same however rows are cut, bounded, and as strict as on whole windows."""

import tracemalloc

import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.drift import drift_over
from labelworks.tasks.methods.drift import test as drift
from labelworks.tasks.methods.drift.auto import AUTO
from labelworks.tasks.methods.drift.base import Blocks, DriftTest
from labelworks.tasks.methods.drift.frame import DriftParts, Frame
from labelworks.tasks.methods.drift.ks import Ks
from labelworks.tasks.methods.drift.streaming import STATISTICS


def windows(seed=0, n=200, m=300, width=6, moved=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)), rng.normal(size=(m, width)) + moved


def cut(rows, step):
    return lambda: (rows[start : start + step] for start in range(0, len(rows), step))


@pytest.mark.parametrize("piece", [1, 37, 600, 5000])
def test_pieces_don_t_matter(piece):
    reference, current = (window.astype(np.float32) for window in windows(9, 1500, 1300, moved=0.1))
    frame, found = Frame.of(reference, current), []
    for step in (piece, 10_000):
        parts = DriftParts(frame, AUTO, "auto")
        for start in range(0, 1500, step):
            parts.add_reference(reference[start : start + step])
        for start in range(0, 1300, step):
            parts.add_current(current[start : start + step])
        found.append(parts.finish())
    assert found[0].p_value == pytest.approx(found[1].p_value, abs=2e-3)
    assert found[0].effect == pytest.approx(found[1].effect, abs=1e-4)


def test_parts_of_too_different_length_are_refused():
    short, long = windows(12, 5, 20_000, 2)
    parts = DriftParts(Frame.of(short, long), AUTO, "auto")
    parts.add_reference(short)
    parts.add_current(long)
    with pytest.raises(InputError, match="5 and 20000 rows"):
        parts.finish()


def test_blocks_stay_few():
    frame = Frame.of(*windows(10, 100, 100, 2))
    blocks = Blocks([Ks(frame)], 2)
    for _ in range(40):
        blocks.add(np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32))
    (table,) = blocks.table()
    assert 256 <= len(table) <= 512
    assert table.sum() == 2 * blocks.size * len(table)


def test_every_row_counts_where_blocks_grow():
    """Of an odd number of blocks none is given up, whatever lies open behind it."""
    rows = np.random.default_rng(1).normal(size=(1024, 2)).astype(np.float32)
    blocks = Blocks([Ks(Frame.of(rows, rows))], 2)
    for piece in np.split(rows, [511, 514, 1000]):
        blocks.add(piece)
        blocks.coarsen(2 * blocks.size)
    blocks.coarsen(256)
    (table,) = blocks.table()
    assert blocks.rows == 1024 and blocks.size == 256 and table.sum() == 2 * 1024


def test_memory_grows_neither_with_pieces_nor_with_rows():
    reference, current = (each.astype(np.float32) for each in windows(2, 500, 500, 16))
    frame, peaks = Frame.of(reference, current), []
    for piece, pieces in ((20_000, 2), (200_000, 2), (20_000, 20)):
        rows = np.random.default_rng(3).normal(size=(piece, 16)).astype(np.float32)
        parts = DriftParts(frame, AUTO, "auto", size=4096)
        parts.add_reference(rows[:4096])
        tracemalloc.start()
        for _ in range(pieces):
            parts.add_reference(rows)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        peaks.append((held, peak))
    few, wide, long = peaks
    assert wide[0] < few[0] + 2e6 and long[0] < few[0] + 2e6  # ten times the rows are 12 MB more
    assert max(wide[1], long[1]) < 1.2 * few[1] + 1e6


def test_a_buffer_may_be_filled_again():
    reference, current = (each.astype(np.float32) for each in windows(4, 3000, 3000, moved=0.4))
    parts, buffer = DriftParts(Frame.of(reference, current), AUTO, "auto"), np.empty((100, 6), np.float32)
    for start in range(0, 3000, 100):
        buffer[:] = reference[start : start + 100]
        parts.add_reference(buffer)
        buffer[:] = current[start : start + 100]
        parts.add_current(buffer)
    found = parts.finish()
    assert found.p_value == 0.001 and found.effect > 0.1
    assert found.per_feature.shape == found.per_feature_effect.shape == (6,)


def test_bad_parts_are_refused():
    reference, current = windows(5)
    parts = DriftParts(Frame.of(reference, current), AUTO, "auto")
    parts.add_reference(reference)
    bad = reference.copy()
    bad[7, 1] = np.nan
    with pytest.raises(InputError, match="row 207 of reference is not finite"):
        parts.add_reference(bad)
    with pytest.raises(InputError, match=r"a part of current has shape \(300, 5\)"):
        parts.add_current(current[:, :5])
    bad[7, 1] = 1e300
    with pytest.raises(InputError, match="row 7 of current is not finite"):
        parts.add_current(bad)
    with pytest.raises(ConfigError, match="alpha is 0"):
        parts.finish(alpha=0)


def test_every_drift_test_takes_parts():
    names = {each.name for each in registry.methods("drift")}
    assert set(STATISTICS) == names


def test_a_test_of_a_plug_in_sees_a_sample_of_each_window_in_parts():
    seen = []

    @registry.register("drift", "of-means", source="this test")
    def of_means(reference, current, alpha):
        seen.append((reference.shape, current.shape, reference.dtype))
        gap = float(np.abs(reference.mean(axis=0) - current.mean(axis=0)).max())
        return DriftTest(float(gap < 0.2), gap, gap >= 0.2, min(gap, 1.0), "of-means", alpha)

    try:
        reference, current = windows(8, 9000, 3000)
        same = drift_over(cut(reference, 700), cut(current, 999), method="of-means")
        moved = drift_over(cut(reference, 64), cut(current + 0.5, 5000), method="of-means")
        again = drift_over(cut(reference, 5000), cut(current + 0.5, 64), method="of-means")
        few = drift_over(cut(reference, 700), cut(current[:2], 1), method="of-means", alpha=0.3)
    finally:
        registry.forget("this test")
    assert (same.drifted, moved.drifted, few.alpha) == (False, True, 0.3)
    assert moved.statistic == again.statistic
    assert seen[0] == ((3000, 6), (1000, 6), np.float32)
    assert seen[-1][1] == (2, 6)


@pytest.mark.parametrize("method", sorted(STATISTICS))
def test_parts_agree_with_whole_windows(method):
    reference, current = windows(6, 2000, 1500, moved=0.08)
    whole = drift(reference, current, method=method)
    found = [drift_over(cut(reference, a), cut(current, b), method=method) for a, b in ((999, 1), (64, 5000))]
    assert found[0].p_value == pytest.approx(found[1].p_value, abs=2e-3)
    assert found[0].effect == pytest.approx(whole.effect, abs=0.02)
    assert found[0].method == whole.method
    assert drift_over(cut(reference, 500), cut(current + 0.5, 500), method=method).drifted


def test_windows_in_parts_are_checked():
    reference, current = windows(7)
    with pytest.raises(InputError, match="reference has 6 columns and current 5"):
        drift_over(cut(reference, 50), cut(current[:, :5], 50))
    with pytest.raises(InputError, match="current window has 1 rows"):
        drift_over(cut(reference, 50), cut(current[:1], 50))
    with pytest.raises(ConfigError, match="unknown drift method 'elsa'"):
        drift_over(cut(reference, 50), cut(current, 50), method="elsa")
    current[120, 0] = np.inf
    with pytest.raises(InputError, match="row 120 of current"):
        drift_over(cut(reference, 50), cut(current, 50))


@pytest.mark.parametrize("first", [np.float16, np.float32])
def test_parts_of_halves_and_of_singles_agree_with_whole_windows(first):
    rng = np.random.default_rng(4)
    reference, current = 1000 + rng.normal(size=(300, 5)), 1000 + rng.normal(size=(300, 5))
    second = np.float32 if first == np.float16 else np.float16
    made = drift_over(
        lambda: [reference[:100].astype(first), reference[100:].astype(second)],
        lambda: [current.astype(np.float32)],
        method="ks",
    )
    whole = drift(reference.astype(np.float16), current.astype(np.float16), method="ks")
    assert made.p_value == whole.p_value and not made.drifted
