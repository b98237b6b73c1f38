"""`pseudo_labels` of notebooks: what is told where no row is labelled, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import labelworks as lw
from labelworks.schemas.errors import ConfigError, InputError

ROWS = 300


def drawn(seed: int, apart: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Labels of two classes, and features that are so far apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, ROWS)
    return np.array(["cat", "dog"])[labels], apart * labels[:, None] + rng.normal(size=(ROWS, 2))


def test_nothing_is_told_of_labels_where_none_is_surely_enough_right() -> None:
    (labels, features), (_, target) = drawn(0, 0.5), drawn(1, 0.5)
    found = lw.pseudo_labels(labels, features, target, precision=0.99)
    assert found.to_pandas()["label"].isna().all()
    assert found.precision is None and found.interval is None
    assert found.claim.max() < 0.99
    assert "none is surely enough right" in found.summary


def test_no_row_is_labelled_where_classes_look_different() -> None:
    (labels, features), (_, target) = drawn(0, 3), drawn(1, 3)
    found = lw.pseudo_labels(labels, features, target + np.array([0, 4]))
    assert found.kind in ("covariate", "both")
    assert found.to_pandas()["label"].isna().all() and not found.claim.any()
    assert "look different" in found.why_none and found.interval is None


def test_what_does_not_fit_is_refused() -> None:
    labels, features = drawn(0, 3)
    with pytest.raises(ConfigError, match="precision is 1"):
        lw.pseudo_labels(labels, features, features, precision=1)
    with pytest.raises(InputError, match="target_features has 1 rows, features 2"):
        lw.pseudo_labels(labels, features, features[:, :1])
    noise = lw.find_label_errors(labels[:200], features=features[:200])
    with pytest.raises(InputError, match="noise is of other labels"):
        lw.pseudo_labels(labels, features, features, noise=noise)
