"""Class names as a probe: the zero-shot probabilities of CLIP, linear in the rows."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.zero_shot import ClassNames, zero_shot_probe
from labelworks.tasks.methods.statistics.sums import FoldSums


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def made() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (N, D) of unit length, true labels (N,), names (K, D)."""
    rng = np.random.default_rng(0)
    names = rng.normal(size=(5, 20))
    true = rng.integers(0, 5, 400)
    return unit(names[true] + rng.normal(size=(400, 20))), true, names * 7


def test_its_probabilities_are_those_of_the_cosines() -> None:
    rows, _, names = made()
    weights, intercept = zero_shot_probe(ClassNames(names))
    np.testing.assert_allclose(rows @ weights + intercept, rows @ unit(names).T)


def test_a_query_bank_is_the_inverted_softmax() -> None:
    rows, _, names = made()
    cosines = rows @ unit(names).T
    weights, intercept = zero_shot_probe(ClassNames(names, bank=rows[:100]))
    inverted = np.exp(20 * cosines) / np.exp(20 * cosines[:100]).sum(axis=0)
    found = softmax(20 * (rows @ weights + intercept), axis=1)
    np.testing.assert_allclose(found, inverted / inverted.sum(axis=1, keepdims=True))


def test_a_hub_among_the_names_no_longer_takes_the_queries_of_others() -> None:
    rng = np.random.default_rng(0)
    names, common, true = np.eye(4, 30), np.eye(30)[4], rng.integers(0, 4, 600)
    rows = unit(names[true] + common + 0.25 * rng.normal(size=(600, 30)))
    hub = np.concatenate([names[:3], names[3:] + common])  # of the names, one has what all rows have
    right = []
    for bank in (None, rows[:300]):
        weights, intercept = zero_shot_probe(ClassNames(hub, bank=bank))
        right.append(np.mean((rows[300:] @ weights + intercept).argmax(1) == true[300:]))
    assert right[1] > right[0]


def test_in_the_ensemble_it_sees_no_label_and_no_map() -> None:
    rows, true, names = made()
    folds, rng = np.arange(400) % 4, np.random.default_rng(1)
    noise = rng.integers(0, 5, 400)
    found = []
    for labels in (true, noise):
        sums = FoldSums.of(rows, labels, folds, 4, 5)
        fitted = ProbeEnsemble.fit(sums, ("zero-shot",), class_names=ClassNames(names))
        found.append(fitted.models)
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one[0][0], two[0][0])
    sums = FoldSums.of(rows, noise, folds, 4, 5)
    probes = ("lda", "ridge", "prototype", "zero-shot")
    with_names = ProbeEnsemble.fit(sums, probes, class_names=ClassNames(names))
    mixed = with_names.log_probs(rows, folds).argmax(1)
    alone = ProbeEnsemble.fit(sums, probes[:3]).log_probs(rows, folds).argmax(1)
    assert np.mean(mixed == true) > np.mean(alone == true)
