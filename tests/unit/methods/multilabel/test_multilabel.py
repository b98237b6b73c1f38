import numpy as np
import pytest
from scipy import sparse

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.multilabel import cells as multilabel_cells
from labelworks.tasks.methods.multilabel import detect_multilabel
from labelworks.tasks.methods.multilabel.cells import blocks, checked
from labelworks.tasks.methods.multilabel.confident import ConfidentClasses
from labelworks.tasks.methods.multilabel.detect import judged
from labelworks.tasks.methods.multilabel.mixture import confirmed, fit_heaps


def noisy(seed=0, rows=600, classes=6):
    """True labels with a model's probabilities; some labels taken away, some added."""
    rng = np.random.default_rng(seed)
    truth = rng.random((rows, classes)) < np.linspace(0.1, 0.5, classes)
    probs = np.clip(np.where(truth, 0.85, 0.1) + rng.normal(0, 0.12, truth.shape), 0, 1)
    lost = truth & (rng.random(truth.shape) < 0.15)
    added = ~truth & (rng.random(truth.shape) < 0.05)
    return (truth & ~lost) | added, probs, lost, added


def brute_pools(labels, probs):
    score = np.where(labels, probs, 1 - probs)
    weight = np.exp((1 - score) / 0.1)
    ema = []
    for row in score:
        ordered = np.sort(row)[::-1]
        value = ordered[0]
        for each in ordered[1:]:
            value = 0.8 * each + 0.2 * value
        ema.append(value)
    return {"softmin": (weight * score).sum(axis=1) / weight.sum(axis=1), "ema": np.array(ema)}


def brute_class(given, p):
    """Confident learning of one class: which cells are flagged, and the rates."""
    there, absent = p[given].mean(), (1 - p[~given]).mean()
    joint = np.zeros((2, 2))
    for y, q in zip(given, p, strict=True):
        sure = [1 - q >= absent, q >= there]
        if any(sure):
            joint[int(y), int(np.argmax(np.array([1 - q, q]) * sure))] += 1
    extra = joint[1, 0] / joint[1].sum() * given.sum()
    missing = joint[0, 1] / joint[0].sum() * (~given).sum()
    order_missing = np.flatnonzero(~given)[np.argsort(-p[~given])][: round(missing)]
    order_extra = np.flatnonzero(given)[np.argsort(p[given])][: round(extra)]
    return (
        set(order_missing),
        set(order_extra),
        missing / (missing + given.sum() - extra),
        extra / given.sum(),
    )


@pytest.mark.parametrize("method", ["softmin", "ema"])
def test_pooled_scores_are_those_of_the_formula(method):
    labels, probs, _, _ = noisy(classes=25, rows=80)
    result = detect_multilabel(labels, probs, method=method)
    np.testing.assert_allclose(result.score, brute_pools(labels, probs)[method], atol=2e-6)


def test_each_class_is_pruned_as_by_hand():
    labels, probs, _, _ = noisy()
    result = detect_multilabel(labels, probs)
    for k in range(labels.shape[1]):
        missing, extra, missing_rate, extra_rate = brute_class(labels[:, k], probs[:, k])
        assert set(result.missing[:, [k]].nonzero()[0]) >= missing
        assert set(result.extra[:, [k]].nonzero()[0]) >= extra
        # only ties, here of probabilities clipped to 0 and 1, may be flagged beyond
        assert len(result.extra[:, [k]].data) + len(result.missing[:, [k]].data) <= len(missing | extra) + 25
        assert result.missing_rate[k] == pytest.approx(missing_rate)
        assert result.extra_rate[k] == pytest.approx(extra_rate)


def test_missing_and_extra_labels_are_told_apart():
    labels, probs, lost, added = noisy(rows=3000)
    result = detect_multilabel(labels, probs)
    for found, real in ((result.missing, lost), (result.extra, added)):
        flagged = np.zeros(real.shape, bool)
        flagged[found.nonzero()] = True
        assert (flagged & real).sum() > 0.85 * real.sum()
        assert (flagged & real).sum() > 0.85 * flagged.sum()
        probability = found.toarray()[flagged]
        assert probability[real[flagged]].mean() > probability[~real[flagged]].mean() + 0.2
    assert result.flag.tolist() == ((result.missing + result.extra).sum(axis=1) > 0).tolist()
    assert result.missing_rate == pytest.approx(0.15, abs=0.05)


@pytest.mark.parametrize("cells", [7, 900, multilabel_cells.BLOCK_CELLS])
@pytest.mark.parametrize("method", ["softmin", "ema"])
def test_sparse_dense_and_lists_are_the_same_however_cut(monkeypatch, cells, method):
    labels, probs, _, _ = noisy(rows=200, classes=20)
    probs[probs < 0.15] = 0
    whole = detect_multilabel(labels, probs, method=method)
    monkeypatch.setattr(multilabel_cells, "BLOCK_CELLS", cells)
    lists = [np.flatnonzero(row).tolist() for row in labels]
    for given, model in (
        (labels.astype(np.int8), probs),
        (sparse.csr_array(labels), sparse.csr_array(probs)),
        (lists, sparse.coo_array(probs)),
    ):
        result = detect_multilabel(given, model, method=method)
        np.testing.assert_allclose(result.score, whole.score, atol=1e-6)
        np.testing.assert_allclose(result.missing.toarray(), whole.missing.toarray(), atol=1e-6)
        np.testing.assert_allclose(result.extra.toarray(), whole.extra.toarray(), atol=1e-6)
        np.testing.assert_allclose(result.missing_rate, whole.missing_rate)


def test_a_hundred_thousand_classes_stay_sparse():
    rng = np.random.default_rng(1)
    rows, classes, per_row = 2000, 100_000, 5
    row = np.repeat(np.arange(rows), per_row)
    column = rng.integers(0, classes, rows * per_row)
    # a dense matrix would be 800 MB
    probs = sparse.csr_array((np.full(len(row), 0.9, np.float32), (row, column)), shape=(rows, classes))
    labels = [column[start : start + per_row] for start in range(0, len(row), per_row)]
    labels[7] = np.append(labels[7][1:], (column[35] + 1) % classes)
    result = detect_multilabel(labels, probs)
    assert result.missing.shape == (rows, classes)
    assert int(result.score.argmin()) == 7


def test_perfect_labels_flag_nothing():
    labels, _, _, _ = noisy()
    result = detect_multilabel(labels, labels.astype(float))
    assert not result.flag.any()
    assert (result.score == 1).all()


def test_unusable_input_is_refused_with_its_row():
    labels, probs, _, _ = noisy(rows=10)
    with pytest.raises(InputError, match="row 3"):
        detect_multilabel(labels, np.where(np.arange(10)[:, None] == 3, np.nan, probs))
    with pytest.raises(InputError, match="row 4"):
        detect_multilabel([[0]] * 4 + [[6]] + [[]] * 5, probs)
    with pytest.raises(InputError, match="row 2"):
        detect_multilabel(labels * np.where(np.arange(10) == 2, 3, 1)[:, None], probs)
    with pytest.raises(InputError, match="shape"):
        detect_multilabel(labels[:5], probs)
    with pytest.raises(ConfigError, match="choices"):
        detect_multilabel(labels, probs, method="median")


def test_what_some_rows_teach_is_said_of_others():
    labels, probs, lost, added = noisy(rows=6000)
    given, known = checked(labels, probs)
    learned = ConfidentClasses.fit(blocks(given[:3000], known[:3000]), 3000)
    found = judged(learned, given[3000:], known[3000:], "softmin")
    whole = detect_multilabel(labels, probs)
    for part, real, all_of_it in ((found.missing, lost, whole.missing), (found.extra, added, whole.extra)):
        flagged = part.toarray() > 0
        assert (flagged & real[3000:]).sum() > 0.85 * flagged.sum()
        assert (flagged != (all_of_it.toarray()[3000:] > 0)).mean() < 0.01
    np.testing.assert_array_equal(found.score, whole.score[3000:])


def test_heaps_learned_from_some_rows_confirm_the_same_of_others():
    labels, probs, _, _ = noisy(rows=4000)
    given = sparse.csr_array(labels.astype(np.int8))
    suspicious = detect_multilabel(labels, probs).extra
    whole = confirmed(suspicious, given, probs, fit_heaps(range(6), given, probs))
    half = confirmed(suspicious, given, probs, fit_heaps(range(6), given[:2000], probs[:2000]))
    assert ((whole > 0) != (half > 0)).sum() <= 0.05 * whole.nnz
    assert whole.nnz and (whole.data >= 0.5).all() and (whole.data <= suspicious[whole.nonzero()]).all()
