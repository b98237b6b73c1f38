import numpy as np
import pytest

from labelworks.tasks.methods.open_set.density_tilt import tilt


def cells(known, target):
    borders = np.linspace(-3, 8, 120)
    middles = np.concatenate([[-3], (borders[1:] + borders[:-1]) / 2, [8]])
    counts = [np.bincount(np.searchsorted(borders, one), minlength=121) for one in (known, target)]
    return counts[0].astype(float), counts[1].astype(float), middles


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
@pytest.mark.parametrize(("centre", "width"), [(2.0, 1.0), (6.0, 1.0), (4.0, 1.5)])
def test_the_share_of_a_normal_part_beside_a_normal(share, centre, width):
    rng = np.random.default_rng(0)
    strange = int(6000 * share)
    target = np.concatenate([rng.normal(size=6000 - strange), rng.normal(centre, width, strange)])
    found = tilt(*cells(rng.normal(size=8000), target))
    assert found.share == pytest.approx(share, abs=0.06)
    assert found.posterior[-1] > 0.9 > 0.1 > found.posterior[60 - 28]  # at 8, and at 0


def test_equal_windows_have_no_unseen_class():
    found = [
        tilt(
            *cells(
                np.random.default_rng(seed).normal(size=2000),
                np.random.default_rng(1000 + seed).normal(size=1500),
            )
        ).share
        for seed in range(20)
    ]
    assert np.mean(np.array(found) > 0) <= 0.2
