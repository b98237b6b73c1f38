"""Rows unlike every known class are unknown, and moved or unknown where the other rows moved as well."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.findings import UnknownFindings
from labelworks.tasks.methods.findings.target import shift_findings
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.planning.values import shift_options

CENTRES = 4.0 * np.eye(4)


def window(
    seed: int, rows: int, moved: float = 0.0, strange: int = 0
) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Rows of four Gaussian classes, exact posteriors and novelty; the last rows of a fifth class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, rows)
    features = CENTRES[labels] + rng.normal(size=(rows, 4)) + moved
    features[rows - strange :] = rng.normal(size=(strange, 4)) * 0.5 - 4
    density = np.stack([multivariate_normal(centre).pdf(features) for centre in CENTRES], axis=1) + 1e-30
    novelty = ((features[:, None] - CENTRES) ** 2).sum(axis=2).min(axis=1)
    sample = Sample(features.astype(np.float32), labels.astype(np.int32), np.arange(rows) % 5)
    return sample, (density / density.sum(axis=1, keepdims=True)).astype(np.float32), novelty


def found(moved: float, strange: int) -> UnknownFindings:
    (sample, probs, near), (target, judged, far) = window(0, 1200), window(1, 800, moved, strange)
    ids = [str(row) for row in range(800)]
    told = shift_findings(
        sample, probs, target, judged, np.eye(4), shift_options(DetectConfig()), (near, far), ids
    )
    assert told.findings.unknown is not None
    return told.findings.unknown


def test_rows_of_a_new_class_are_unknown() -> None:
    told = found(0.0, 160)
    assert told.share == pytest.approx(0.2, abs=0.03)
    assert told.reading == "unknown" and told.interval[0] > 0.1
    assert told.new_classes == 1


def test_rows_of_classes_that_moved_may_be_either() -> None:
    told = found(1.0, 0)
    assert told.share > 0.1
    assert told.reading == "moved or unknown" and told.interval[0] == 0
    assert told.new_classes is None


def test_where_nothing_moved_there_is_nothing_to_read() -> None:
    told = found(0.0, 0)
    assert (told.share, told.reading, told.interval[0]) == (0.0, None, 0.0)
