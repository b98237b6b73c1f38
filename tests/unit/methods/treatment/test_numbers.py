"""Numbers: judged out of sample, two exchanged ones put right."""

from dataclasses import replace

import numpy as np
import pytest

from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.regression.judge import JudgedNumbers, NumberJudge, suggestions
from labelworks.tasks.methods.regression.usual_residuals import UsualResiduals
from labelworks.tasks.methods.treatment.numbers import number_claims, treat_numbers
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import policy_of

ROWS = 500
FOLDS = np.arange(ROWS) // (ROWS // 5)


def spoilt():
    """Features, true and given numbers; ten are gross errors, two of the others are exchanged."""
    rng = np.random.default_rng(2)
    features = rng.normal(size=(ROWS, 4)).astype(np.float32)
    true = features @ np.arange(1.0, 5) + 0.1 * rng.normal(size=ROWS)
    given = true.copy()
    given[:10] += 1e4
    pair = 10 + np.argsort(true[10:])[[25, -25]]
    given[pair] = given[pair[::-1]]
    return features, true, given, pair


def treated(given, suggestion, suggested, found, policy):
    claims = number_claims(given, suggestion, suggested, found.error, found.flag)
    return treat_numbers(given, suggestion, claims, cut_of(claims, policy, Trust(), 1), policy)


@pytest.mark.parametrize(
    ("mode", "changes"), [("both", True), ("relabel", True), ("reweight", False), ("none", False)]
)
def test_gross_errors_do_not_hide_the_others(mode, changes):
    features, true, given, pair = spoilt()
    model = NumberJudge.fit(features, given, FOLDS, model=UsualResiduals())
    found = model.judge(features, given, FOLDS)
    suggestion, suggested = suggestions(given, found, model.usual(found.predicted))
    done = treated(given, suggestion, suggested, found, policy_of(TreatConfig(mode=mode)))
    assert found.flag[:10].all() and found.flag.sum() < 30
    np.testing.assert_allclose(suggestion[pair], true[pair])
    assert np.flatnonzero(suggested).tolist() == sorted(pair.tolist())
    assert (done.labels[pair] == (true if changes else given)[pair]).all()
    assert (done.labels[:10] == given[:10]).all()
    assert (done.weight[:10].max() < 0.1) == (mode in ("both", "reweight"))
    assert model.explained > 0.98


def test_what_a_sample_teaches_is_said_of_all_rows():
    features, true, given, _ = spoilt()
    some = np.arange(0, ROWS, 2)
    model = NumberJudge.fit(features[some], given[some], FOLDS[some], model=UsualResiduals())
    found = model.judge(features, given, FOLDS)
    assert found.flag[:10].all() and found.flag[given == true].mean() < 0.05


def test_labels_that_fit_exactly_are_left_alone():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(ROWS, 3)).astype(np.float32)
    given = features.astype(np.float64) @ np.array([1.0, 2.0, 3.0])
    found = NumberJudge.fit(features, given, FOLDS, model=UsualResiduals()).judge(features, given, FOLDS)
    assert found.flag.mean() < 0.02


@pytest.mark.parametrize("kind", ["uniform", "two heaps", "skewed"])
def test_of_numbers_that_features_say_nothing_of_none_is_wrong(kind):
    rng = np.random.default_rng(2)
    two = rng.integers(0, 2, 300) + 0.05 * rng.normal(size=300)
    given = {"uniform": rng.uniform(0, 100, 300), "two heaps": two, "skewed": np.exp(rng.normal(size=300))}
    features, folds = rng.normal(size=(300, 8)).astype(np.float32), np.arange(300) % 5
    model = NumberJudge.fit(features, given[kind], folds, model=UsualResiduals())
    found = model.judge(features, given[kind], folds)
    assert not found.flag.any() and (found.error == 0).all()


class Flagging(UsualResiduals):
    """Flags all rows but the first ones."""

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def judge(self, given, predicted):
        return replace(super().judge(given, predicted), flag=np.arange(len(given)) >= self.kept)


@pytest.mark.parametrize("kept", [0, 3, 100])
def test_a_method_may_flag_whole_folds_or_every_row(kept):
    features, _, given, _ = spoilt()
    model = NumberJudge.fit(features, given, FOLDS, model=Flagging(kept))
    assert model.judge(features, given, FOLDS).flag.sum() == ROWS - kept


@pytest.mark.parametrize("bent", [False, True])
def test_where_nothing_is_wrong_nothing_changes_and_every_row_counts(bent):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(ROWS, 4)).astype(np.float32)
    true = features @ np.arange(1.0, 5)
    given = (np.exp(true / 6) if bent else true) + 0.5 * rng.standard_t(3, ROWS)
    model = NumberJudge.fit(features, given, FOLDS, model=UsualResiduals())
    found = model.judge(features, given, FOLDS)
    suggestion, suggested = suggestions(given, found, model.usual(found.predicted))
    done = treated(given, suggestion, suggested, found, policy_of(TreatConfig()))
    assert (done.labels == given).all() and (done.weight == 1).all() and (done.action == 0).all()


@pytest.mark.parametrize(("budget", "changed"), [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4), (9, 4)])
def test_a_budget_takes_both_rows_of_a_pair_or_neither(budget, changed):
    given = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    suggestion = np.array([2.0, 1.0, 4.0, 3.0, 5.5])
    suggested = np.array([0.99, 0.99, 0.99, 0.99, 0.0], np.float32)
    found = JudgedNumbers(given, given, np.full(5, 0.999), np.ones(5, bool))
    done = treated(given, suggestion, suggested, found, policy_of(TreatConfig(), budget))
    assert (done.labels != given).sum() == changed
    assert sorted(done.labels.tolist()) == given.tolist()
    assert (done.action == 1).sum() == changed
