"""Several labels a row: judged out of sample, treated by what is sure."""

import numpy as np
import pytest
from scipy import sparse

from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.multilabel import probabilities
from labelworks.tasks.methods.multilabel.confident_heaps import ConfidentHeaps
from labelworks.tasks.methods.multilabel.judge import LabelSetJudge
from labelworks.tasks.methods.multilabel.probabilities import class_probabilities
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.treatment.label_sets import cell_claims, likelier, treat_label_sets
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import policy_of

ROWS, DIM, K = 2000, 6, 4
FOLDS = np.arange(ROWS) // (ROWS // 5)


def several(noise=0.05):
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, K)) < 0.3
    features = (5 * true @ np.eye(K, DIM) + rng.normal(size=(ROWS, DIM))).astype(np.float32)
    wrong = rng.random((ROWS, K)) < noise
    return features, true, wrong, sparse.csr_array((true ^ wrong).astype(np.int8))


def judged(given, features, folds):
    """What is found of rows that are judged by themselves."""
    given = sparse.csr_array(given.astype(np.int8))
    sums = TargetSums.of(features, given, folds, 5)
    return given, LabelSetJudge.fit(sums, features, given, folds, model=ConfidentHeaps()).judge(
        features, given, folds
    )


def treated(given, found, config):
    count = np.asarray(given.sum(axis=0), float).ravel()
    policy, hashed = policy_of(config), np.arange(given.shape[0], dtype=np.uint64)
    claims = cell_claims(
        found.missing,
        found.extra,
        found.claimed,
        policy,
        count,
        given.shape[0],
        hashed,
    )
    cut = cut_of(claims, policy, Trust(), K)
    return treat_label_sets(given, found.missing, found.extra, claims, cut, policy)


def test_probabilities_are_calibrated():
    features, true, _, given = several(noise=0)
    probs = class_probabilities(given, features, FOLDS)
    assert ((probs > 0.5) == true).mean() > 0.97
    for low, high in ((0, 0.1), (0.9, 1)):
        inside = (probs >= low) & (probs <= high)
        assert true[inside].mean() == pytest.approx(probs[inside].mean(), abs=0.03)


def test_wrong_cells_are_mended_by_mode():
    features, true, wrong, given = several()
    given, found = judged(given, features, FOLDS)
    for mode, changes, weighs in (("both", 1, 1), ("relabel", 1, 0), ("reweight", 0, 1), ("none", 0, 0)):
        done = treated(given, found, TreatConfig(mode=mode, relabel_over=0.6))
        after = done.labels.toarray() > 0
        assert ((after ^ true).sum() < wrong.sum() / 2) == bool(changes)
        assert ((after != (true ^ wrong)).any()) == bool(changes)
        assert (done.weight.min() < 0.7) == bool(weighs)
    assert ((found.missing.nnz + found.extra.nnz) / wrong.sum()) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("density", [0.3, 0.08])
@pytest.mark.parametrize("strength", [0.5, 1.2, 2.0, 4.0])
def test_where_features_tell_little_little_is_changed_and_no_damage_done(density, strength):
    rng = np.random.default_rng(0)
    true = rng.random((1000, 6)) < density
    features = (strength * true @ np.eye(6, 8) + rng.normal(size=(1000, 8))).astype(np.float32)
    given = true ^ (rng.random((1000, 6)) < 0.15 * density)
    folds = np.arange(1000) % 5
    cells, found = judged(given, features, folds)
    after = treated(cells, found, TreatConfig(relabel_over=0.8)).labels.toarray() > 0
    assert (after != true).sum() <= 1.1 * (given != true).sum()
    if strength == 4:
        assert (after != true).sum() < 0.6 * (given != true).sum()
    if strength <= 1.2:
        assert found.flag.mean() < 0.15
    cells, found = judged(true, features, folds)
    clean = treated(cells, found, TreatConfig()).labels.toarray() > 0
    assert (clean != true).mean() < 0.01


def test_nothing_is_added_to_or_taken_from_a_class_of_few_rows():
    rng = np.random.default_rng(0)
    true = rng.random((500, K)) < 0.3
    rare = np.arange(0, 500, 41)
    true[:, 0] = np.isin(np.arange(500), rare)
    features = (12 * true @ np.eye(K, DIM) + rng.normal(size=(500, DIM))).astype(np.float32)
    given = true ^ (rng.random((500, K)) < 0.05)
    given[:, 0] = true[:, 0]
    given[rare[9:], 0] = False  # nine rows are left of it
    cells, found = judged(given, features, np.arange(500) // 100)
    done = treated(cells, found, TreatConfig(relabel_over=0.8))
    after = done.labels.toarray() > 0
    assert (after[:, 0] == given[:, 0]).all() and (after[:, 1:] != given[:, 1:]).any()
    lost = rare[9:][likelier(cells, found.missing, found.extra).toarray()[rare[9:], 0] > 0]
    lost = lost[(after == given)[lost].all(axis=1)]
    assert len(lost) and (done.action[lost] == 2).all() and (done.weight[lost] == 1).all()


def test_what_a_sample_teaches_is_said_of_all_rows():
    features, _, wrong, given = several()
    rng = np.random.default_rng(1)
    some = np.sort(rng.choice(ROWS, 300, replace=False))
    sums = TargetSums.of(features, given, FOLDS, 5)
    model = LabelSetJudge.fit(sums, features[some], given[some], FOLDS[some], model=ConfidentHeaps())
    parts = [model.judge(features[at], given[at], FOLDS[at]) for at in (slice(0, 200), slice(200, ROWS))]
    flag = np.concatenate([part.flag for part in parts])
    assert flag[wrong.any(axis=1)].mean() > 0.7 and flag[~wrong.any(axis=1)].mean() < 0.05


def test_a_users_probabilities_are_judged_by():
    features, true, wrong, given = several()
    own = np.where(true, 0.97, 0.02).astype(np.float32)
    sums = TargetSums.of(features, given, FOLDS, 5, crossed=False)
    model = LabelSetJudge.fit(sums, features, given, FOLDS, own, model=ConfidentHeaps(method="ema"))
    found = model.judge(features, given, FOLDS, own)
    assert (model.probs(features, given, FOLDS, own) == own).all() and model.probes is None
    assert ((found.missing + found.extra).toarray() > 0)[wrong].mean() > 0.9


def test_too_many_cells_are_refused(monkeypatch):
    monkeypatch.setattr(probabilities, "CELLS", 1999)
    features, _, _, given = several()
    with pytest.raises(InputError, match="4 labels are too many to learn one by one"):
        class_probabilities(given, features, FOLDS)
