"""Probes of words: equal to scikit-learn's, out of sample, the same however their sums are put together."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import log_softmax
from sklearn.naive_bayes import ComplementNB, MultinomialNB

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.opinion_pool import pool_shares
from labelworks.tasks.methods.probes.words_by_class import SMOOTHING, WordProbes
from labelworks.tasks.methods.statistics.packed_words import HEAVIEST, pack_words, unpack_words
from labelworks.tasks.methods.statistics.sums import WORD_BUCKETS, WORD_CELLS, FoldSums, word_buckets

N, V, K, F, D = 600, 300, 4, 5, 6
RNG = np.random.default_rng(5)
LABELS = RNG.choice(K, N, p=[0.4, 0.3, 0.2, 0.1])
FOLDS = RNG.integers(0, F, N)
FEATURES = RNG.normal(size=(N, D)).astype(np.float32)  # which tell nothing
PROBES = ("lda", "naive-bayes", "complement-naive-bayes")


def said() -> np.ndarray:
    """Packed words: most of all classes, some of their class alone."""
    counts = np.zeros((N, V), np.float32)
    for row, label in enumerate(LABELS):
        counts[row, RNG.integers(0, 200, 6)] = 1
        counts[row, 200 + 25 * label + RNG.integers(0, 25, 2)] = 1
    return pack_words(csr_array(counts / np.linalg.norm(counts, axis=1, keepdims=True)), 8)


WORDS = said()


def sums(rows: np.ndarray | slice = slice(None), words: np.ndarray = WORDS) -> FoldSums:
    return FoldSums.of(FEATURES[rows], LABELS[rows], FOLDS[rows], F, K, words[rows])


def test_word_sums_are_those_of_the_rows() -> None:
    found = sums().words
    exact = unpack_words(WORDS, found.shape[1])
    for fold in range(F):
        for label in range(K):
            rows = np.flatnonzero((fold == FOLDS) & (label == LABELS))
            total = np.asarray(exact[rows].sum(axis=0)).ravel()
            np.testing.assert_array_equal(found[[fold * K + label]].toarray()[0], total)


def test_parts_in_any_order_are_the_whole_to_the_last_bit() -> None:
    whole = sums().arrays
    parts = [sums(rows) for rows in np.array_split(RNG.permutation(N), 3)]
    for order in permutations(parts):
        found = (order[0] + order[1] + order[2]).arrays
        for name in ("words.data", "words.indices", "words.indptr", "words.shape"):
            np.testing.assert_array_equal(found[name], whole[name])
    less = (sums() - parts[0]).words - (parts[1] + parts[2]).words
    assert not less.nnz


def test_what_is_kept_comes_back() -> None:
    found = FoldSums.of_arrays(sums().arrays)
    assert (found.words != sums().words).nnz == 0
    plain = FoldSums.of(FEATURES, LABELS, FOLDS, F, K)
    assert FoldSums.of_arrays(plain.arrays).words is None


def test_sums_of_words_are_bounded_however_many_classes() -> None:
    assert word_buckets(10) == WORD_BUCKETS
    for groups in (100, 5_000, 500_000, WORD_CELLS * 3):
        buckets = word_buckets(groups)
        assert buckets == 1 or buckets * groups <= WORD_CELLS < 2 * buckets * groups


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("naive-bayes", MultinomialNB(alpha=SMOOTHING)),
        ("complement-naive-bayes", ComplementNB(alpha=SMOOTHING)),
    ],
)
def test_they_are_scikit_learn_s(name: str, reference: MultinomialNB | ComplementNB) -> None:
    probes = WordProbes.fit(sums(), (name,))
    rows = unpack_words(WORDS, probes.buckets)[:, probes.columns] / HEAVIEST
    reference.fit(rows, LABELS)
    expected = reference.predict_joint_log_proba(rows)
    prior = np.log((np.bincount(LABELS) + 1) / (N + K)) - np.log(np.bincount(LABELS) / N)
    if name == "naive-bayes":
        expected = expected + prior
    found = probes.logits(0, WORDS, np.full(N, F))
    np.testing.assert_allclose(log_softmax(found, axis=1), log_softmax(expected, axis=1), atol=1e-4)


def test_they_find_what_vectors_do_not_tell_and_nothing_else_counts() -> None:
    fitted = ProbeEnsemble.fit(sums(), PROBES).calibrate(FEATURES, LABELS, FOLDS, WORDS)
    right = fitted.log_probs(FEATURES, FOLDS, WORDS).argmax(axis=1) == LABELS
    alone = ProbeEnsemble.fit(sums(), PROBES[:1]).calibrate(FEATURES, LABELS, FOLDS)
    blind = alone.log_probs(FEATURES, FOLDS).argmax(axis=1) == LABELS
    assert right.mean() > 0.9 > 0.6 > blind.mean()
    probs = np.exp(fitted.log_probs(FEATURES, FOLDS, WORDS))
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    confident = probs.max(axis=1) > 0.9
    assert abs(probs.max(axis=1)[confident].mean() - right[confident].mean()) < 0.05


def test_words_of_no_use_count_for_nothing() -> None:
    nonsense = WORDS[RNG.permutation(N)]
    telling = FEATURES.copy()
    telling[:, 0] += 4 * LABELS
    with_words = FoldSums.of(telling, LABELS, FOLDS, F, K, nonsense)
    fitted = ProbeEnsemble.fit(with_words, PROBES).calibrate(telling, LABELS, FOLDS, nonsense)
    plain = ProbeEnsemble.fit(with_words, PROBES[:1]).calibrate(telling, LABELS, FOLDS)
    rows = np.arange(N)
    losses = [
        -fitted.log_probs(telling, FOLDS, nonsense)[rows, LABELS].mean(),
        -plain.log_probs(telling, FOLDS)[rows, LABELS].mean(),
    ]
    assert losses[0] < losses[1] + 0.01


def test_a_row_is_judged_by_words_that_others_said() -> None:
    fold, moved = 2, WORDS.copy()
    moved[fold == FOLDS] = WORDS[fold == FOLDS][::-1]
    here = np.flatnonzero(fold == FOLDS)
    one, other = (WordProbes.fit(sums(words=words), PROBES[1:]) for words in (WORDS, moved))
    for place in range(2):
        found = [each.logits(place, WORDS[here], FOLDS[here]) for each in (one, other)]
        np.testing.assert_array_equal(*found)
        assert (one.logits(place, WORDS, np.full(N, F)) != other.logits(place, WORDS, np.full(N, F))).any()


def test_excluded_folds_are_seen_by_no_probe_of_words() -> None:
    moved = WORDS.copy()
    moved[FOLDS == 0] = WORDS[FOLDS == 0][::-1]
    one, other = (WordProbes.fit(sums(words=words), PROBES[1:], (0,)) for words in (WORDS, moved))
    for folds in (FOLDS, np.full(N, F)):
        np.testing.assert_array_equal(one.logits(0, WORDS, folds), other.logits(0, WORDS, folds))


def test_words_that_nobody_said_say_nothing() -> None:
    probes = WordProbes.fit(sums(), PROBES[1:])
    unheard = pack_words(csr_array(([1.0], ([0], [V + 5])), shape=(1, V + 9)), 8)
    silent = np.zeros((1, 8), np.uint32)
    for place in range(2):
        found = [probes.logits(place, words, np.array([F])) for words in (unheard, silent)]
        np.testing.assert_array_equal(*found)


def test_rows_without_words_are_refused_where_probes_see_them_and_no_words_leave_them_out() -> None:
    fitted = ProbeEnsemble.fit(sums(), PROBES).calibrate(FEATURES, LABELS, FOLDS, WORDS)
    with pytest.raises(InputError, match="no words"):
        fitted.log_probs(FEATURES, FOLDS)
    plain = FoldSums.of(FEATURES, LABELS, FOLDS, F, K)
    with_and_without = [
        ProbeEnsemble.fit(plain, names).calibrate(FEATURES, LABELS, FOLDS) for names in (PROBES, PROBES[:1])
    ]
    np.testing.assert_array_equal(*(each.log_probs(FEATURES, FOLDS) for each in with_and_without))


def test_shares_are_those_of_least_loss_and_none_is_negative() -> None:
    truth = RNG.normal(size=(N, K)) * 2
    labels = np.array([RNG.choice(K, p=np.exp(row) / np.exp(row).sum()) for row in truth])
    opinions = [truth, RNG.normal(size=(N, K))]
    shares = pool_shares(opinions, labels)
    assert shares[0] > 0.8 and shares[1] < 0.1
    assert pool_shares([opinions[1], -truth], labels)[1] == 0

    def loss(shares: np.ndarray) -> float:
        pooled = log_softmax(np.tensordot(np.exp(shares), np.stack(opinions), 1), axis=1)
        return float(-pooled[np.arange(N), labels].mean())

    slow = minimize(loss, [0.0, -3.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    np.testing.assert_allclose(shares, np.exp(slow.x), atol=1e-3)
