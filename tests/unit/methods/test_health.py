"""The health of labels: sums that add up, classes by their worst labels, the plane that shows most."""

from __future__ import annotations

import numpy as np
import pytest

import labelworks as lw
from labelworks.schemas.findings import NoiseFindings
from labelworks.tasks.methods.findings.health import class_sums, health_findings
from labelworks.tasks.methods.quality.principal_plane import principal_plane

NOISE = NoiseFindings(method="auto", rate=0.1, rate_interval=(0.05, 0.2), flagged=2, flagged_share=0.2)


def test_sums_of_partitions_add_up() -> None:
    rng = np.random.default_rng(0)
    given, wrong = rng.integers(0, 4, 200), rng.random(200)
    cuts = (slice(70), slice(70, 200))
    parts = [class_sums(given[part], wrong[part], wrong[part] > 0.5, 5) for part in cuts]
    assert np.sum(parts, axis=0) == pytest.approx(class_sums(given, wrong, wrong > 0.5, 5))


def test_classes_are_ranked_by_what_is_wrong_of_them() -> None:
    given = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    wrong = np.array([0.9, 0.6, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)
    found = health_findings(NOISE, class_sums(given, wrong, wrong > 0.5, 3), ("a", "b", "c"))
    ranked = [(each.name, each.rows, each.flagged) for each in found.classes]
    assert ranked == [("a", 3, 2), ("b", 7, 0), ("c", 0, 0)]
    assert found.classes[0].quality == pytest.approx(0.5) and found.classes[2].quality is None
    assert found.score == pytest.approx(0.9) and found.interval == pytest.approx((0.8, 0.95))
    assert found.rarest == "c" and found.balance == 0


@pytest.mark.parametrize("shape", [(200, 5), (30, 80)])
def test_the_plane_is_that_of_the_singular_values(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=shape) * np.linspace(5, 1, shape[1])
    plane = principal_plane(rows.astype(np.float32))
    centred = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    assert plane is not None
    assert plane.explained == pytest.approx((values[:2] ** 2).sum() / (values**2).sum(), rel=1e-4)
    for axis in range(2):
        assert abs(np.corrcoef(plane.places[:, axis], left[:, axis])[0, 1]) > 0.9999
    assert plane.places.min() == 0 and plane.places.max() == 1


def test_rows_that_are_all_one_have_no_plane() -> None:
    assert principal_plane(np.ones((10, 3))) is None and principal_plane(np.zeros((2, 3))) is None
    line = principal_plane(np.arange(10.0)[:, None])
    assert line is not None and line.explained == pytest.approx(1) and np.ptp(line.places[:, 1]) == 0


def test_of_a_notebook_classes_are_ranked_alike() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 300)
    features = 8 * np.eye(3)[true] + rng.normal(size=(300, 3))
    labels = np.array(["a", "b", "c"])[np.where((true == 1) & (rng.random(300) < 0.3), 0, true)]
    found = lw.find_label_errors(labels, features=features)
    ranked = found.by_class
    assert ranked.index[0] == "a" and ranked["rows"].sum() == 300
    assert ranked["flagged"].sum() == found.flag.sum() > 20
    mean = found.error_probability[labels == "a"].mean()
    assert ranked["quality"]["a"] == pytest.approx(1 - mean, abs=1e-6)
