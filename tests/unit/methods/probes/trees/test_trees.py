"""Trees of cells beside the probes of vectors: out of sample, and where they are of use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.trees.boosted import boosted
from labelworks.tasks.methods.probes.trees.tree_probe import TreeProbe, trees_suffice
from labelworks.tasks.methods.statistics.packed_cells import pack_cells
from labelworks.tasks.methods.statistics.sums import FoldSums

ROWS, FOLDS = 1500, 5
RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-1, 1, (ROWS, 3)).astype(np.float32)
COLOURS = RNG.integers(0, 4, (ROWS, 1))
PARTS = RNG.integers(0, FOLDS, ROWS)
CELLS = pack_cells(POINTS, COLOURS)
NAMES = ("lda", "ridge", "boosted")
BOXED = ((POINTS[:, 0] * POINTS[:, 1] > 0) ^ (COLOURS[:, 0] == 2)).astype(np.int32)  # no plane tells it
STRAIGHT = (POINTS.sum(axis=1) + 0.3 * RNG.normal(size=ROWS) > 0).astype(np.int32)
EVEN = np.full((ROWS, 2), np.log(0.5), np.float32)


def fitted(labels: Any, names: tuple[str, ...] = NAMES) -> ProbeEnsemble:
    sums = FoldSums.of(POINTS, labels, PARTS, FOLDS, 2)
    return ProbeEnsemble.fit(sums, names).calibrate(POINTS, labels, PARTS, cells=CELLS)


def log_loss(logits: Any, labels: Any) -> float:
    return float((logsumexp(logits, axis=1) - logits[np.arange(ROWS), labels]).mean())


def test_trees_are_heard_where_they_foretell_labels_better() -> None:
    probes, plain = fitted(BOXED), fitted(BOXED, ("lda", "ridge"))
    (trees,) = probes.trees
    assert trees.share > 0.5
    assert trees.rows == pytest.approx(ROWS * 0.8, abs=1)
    said = probes.log_probs(POINTS, PARTS, cells=CELLS)
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1, atol=1e-5)
    assert log_loss(said, BOXED) < 0.6 * log_loss(plain.log_probs(POINTS, PARTS), BOXED)


def test_trees_that_add_nothing_are_left_out_and_change_nothing() -> None:
    probes, plain = fitted(STRAIGHT), fitted(STRAIGHT, ("lda", "ridge"))
    assert probes.trees == ()
    np.testing.assert_array_equal(probes.log_probs(POINTS, PARTS), plain.log_probs(POINTS, PARTS))


def test_a_row_is_judged_by_trees_that_did_not_see_its_fold() -> None:
    """Labels are chance: who had seen a row would know it; who had not, can't."""
    coins = RNG.integers(0, 2, ROWS)
    models = [boosted(CELLS[fold != PARTS], coins[fold != PARTS], 2) for fold in range(FOLDS)]
    probe = TreeProbe("boosted", tuple(models), ROWS)
    own, others = probe.logits(CELLS, PARTS), probe.logits(CELLS, (PARTS + 1) % FOLDS)
    assert np.mean(own.argmax(axis=1) == coins) < 0.55
    assert np.mean(others.argmax(axis=1) == coins) > 0.6
    kept = [models[fold].log_probs(CELLS[fold == PARTS]) for fold in range(FOLDS)]
    np.testing.assert_array_equal(own[PARTS == 3], kept[3])


def test_rows_of_no_fold_are_judged_by_all_of_them() -> None:
    probe = TreeProbe.fit("boosted", CELLS, BOXED, PARTS, EVEN, FOLDS)
    assert probe is not None
    whole = probe.logits(CELLS[:10], np.full(10, FOLDS))
    alone = [probe.logits(CELLS[:10], np.full(10, fold)) for fold in range(FOLDS)]
    np.testing.assert_allclose(whole, np.mean(alone, axis=0), atol=1e-6)
    without = PARTS != 2
    fewer = TreeProbe.fit("boosted", CELLS[without], BOXED[without], PARTS[without], EVEN[without], FOLDS)
    assert fewer is not None and fewer.models[2] is None
    assert np.isfinite(fewer.logits(CELLS[:10], np.full(10, 2))).all()


def test_of_many_rows_a_part_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelworks.tasks.methods.probes.trees.tree_probe.MOST_ROWS", 1000)
    probe = TreeProbe.fit("boosted", CELLS, BOXED, PARTS, EVEN, FOLDS)
    assert probe is not None
    assert probe.rows == 800


def test_too_few_rows_too_many_classes_and_one_class_have_none() -> None:
    few = slice(0, 100)
    assert TreeProbe.fit("boosted", CELLS[few], BOXED[few], PARTS[few], EVEN[few], FOLDS) is None
    many = np.zeros((ROWS, 101), np.float32)
    assert TreeProbe.fit("boosted", CELLS, BOXED, PARTS, many, FOLDS) is None
    assert TreeProbe.fit("boosted", CELLS, BOXED * 0, PARTS, EVEN, FOLDS) is None


def test_a_class_that_its_rows_lack_is_unlikely_and_not_impossible() -> None:
    said = boosted(CELLS, BOXED * 2, 3).log_probs(CELLS)
    assert said.shape == (ROWS, 3)
    assert (np.exp(said[:, 1]) < 0.001).all()
    assert np.isfinite(said).all()


def test_rows_without_cells_are_refused() -> None:
    with pytest.raises(InputError, match="no cells"):
        fitted(BOXED).log_probs(POINTS, PARTS)


def test_random_features_are_not_asked_beside_trees_of_few_classes() -> None:
    assert trees_suffice(NAMES, 2)
    assert not trees_suffice(NAMES, 26)
    assert not trees_suffice(("lda",), 2)
