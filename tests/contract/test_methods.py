"""What every method keeps to, of each kind: it is called as its kind says, and gives what its kind gives."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from benchmarks.made_images import encoded, picture
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.inputs import check
from labelworks.tasks.methods.label_shift.pseudo.rows import LabelledWindow, TargetWindow
from labelworks.tasks.methods.multilabel.judge import JudgedLabelSets
from labelworks.tasks.methods.noise import NoiseResult, detect
from labelworks.tasks.methods.probes.affine import Affine
from labelworks.tasks.methods.probes.words_by_class import WordsByClass
from labelworks.tasks.methods.probes.zero_shot import ClassNames
from labelworks.tasks.methods.protocols.noise import JudgesChecked, PlacesCut
from labelworks.tasks.methods.registry import KINDS, Method, methods
from labelworks.tasks.methods.regression.judge import JudgedNumbers
from labelworks.tasks.methods.statistics.packed_cells import pack_cells
from labelworks.tasks.methods.statistics.sums import ClassSums
from labelworks.tasks.methods.treatment.claims import Claims, JudgedLabels
from labelworks.tasks.methods.treatment.decisions import REASONS, Decisions, decide
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.treatment.weights.core.density import density_ratio
from labelworks.tasks.methods.treatment.weights.core.rows import MassSums, WeighedRows, WeightFacts
from labelworks.tasks.methods.weak_supervision.patterns import Patterns

ROWS, CLASSES, DIM = 240, 4, 5
RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, CLASSES, ROWS)
GIVEN = np.where(RNG.random(ROWS) < 0.15, (TRUE + 1) % CLASSES, TRUE).astype(np.int32)
FEATURES = (3 * np.eye(CLASSES, DIM)[TRUE] + RNG.normal(size=(ROWS, DIM))).astype(np.float32)
NAMES = np.eye(CLASSES, DIM)
LOGITS = FEATURES @ NAMES.T
PROBS = (np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)).astype(np.float32)
ORDER = np.argsort(((FEATURES[:, None] - FEATURES) ** 2).sum(axis=2), axis=1, kind="stable")
NEAR = ORDER[:, 1:11]
SUMS = ClassSums(
    np.bincount(GIVEN, minlength=CLASSES).astype(float),
    np.stack([FEATURES[k == GIVEN].sum(axis=0, dtype=np.float64) for k in range(CLASSES)]),
    FEATURES.astype(np.float64).T @ FEATURES,
)
VOTES = Votes.from_table(
    pa.table(
        {
            "item": np.repeat(np.arange(40), 3),
            "annotator": np.tile(np.arange(3), 40),
            "label": np.where(RNG.random(120) < 0.2, RNG.integers(0, CLASSES, 120), np.repeat(TRUE[:40], 3)),
        }
    )
)
TEXTS = pa.array([" ".join(RNG.choice(["the", "parcel", "is", "late", "again"], 9)) for _ in range(60)])
SEEN = {
    "features": FEATURES,
    "votes": PROBS,
    "neighbour_labels": GIVEN[NEAR],
    "neighbour_weights": np.full(NEAR.shape, 0.5, np.float32),
}
HALF = ROWS // 2
FOLDS = np.arange(ROWS) % 5
WINDOW = {
    "labelled": LabelledWindow(FEATURES, GIVEN, PROBS, FOLDS),
    "target": TargetWindow(FEATURES[:HALF], FOLDS[:HALF], np.zeros(HALF), lambda rows, _: PROBS[rows]),
}
INPUTS: dict[str, Any] = {
    "labels": GIVEN, "pred_probs": PROBS, "probs": PROBS, "features": FEATURES, "neighbours": NEAR,
    "classes": CLASSES, "predictions": {"one": TRUE, "other": GIVEN}, "corrected": TRUE,
    "left": FEATURES, "right": FEATURES + 0.1, "score": PROBS.max(axis=1), "sums": SUMS,
    "target_probs": PROBS[:HALF], "target_features": FEATURES[:HALF], "novelty": -PROBS.max(axis=1),
    "target_novelty": -PROBS[:HALF].max(axis=1), "unknown": np.where(np.arange(HALF) % 4, 0.0, 1.0),
    "prior": estimate_prior(GIVEN, PROBS, PROBS[:HALF]), "wrong": GIVEN != TRUE,
    "groups": np.arange(ROWS) % 2, "count": 3, "counts": RNG.integers(5, 30, (9, CLASSES)),
    "noise_transition": 0.8 * np.eye(CLASSES) + 0.2 / CLASSES, "p_value": 0.4,
    **WINDOW,
}  # fmt: skip
OF_KIND: dict[str, dict[str, Any]] = {
    "performance": {"predictions": PROBS[:, 0], "target_predictions": PROBS[:HALF, 0]},
    "columns": {"reference": {"age": FEATURES[:, 0]}, "current": {"age": FEATURES[:HALF, 1]}},
    "windows": {"reference": NAMES[GIVEN] > 0, "current": NAMES[GIVEN[:HALF]] > 0},
}
WINDOWS = {
    "prior-windows": np.arange(HALF) % 3,
    "latent": np.arange(ROWS) % 4,
    "windows": np.arange(ROWS) % 4,
}
FUNCTIONS = [each for name, kind in KINDS.items() if not kind.protocol for each in methods(name)]


def of(kind: str) -> Any:
    return pytest.mark.parametrize("method", methods(kind), ids=lambda each: each.name)


@of("crowd")
class TestCrowd:
    """Every way to aggregate votes."""

    def test_gives_a_posterior_of_each_item(self, method: Method) -> None:
        probs = PROBS[:40].astype(np.float64)
        for given in (
            ((VOTES, probs),) if method.needs else ((VOTES,), (VOTES, probs))[: 1 + len(method.uses)]
        ):
            posterior = method.target(*given).posterior
            assert posterior.shape == (40, CLASSES)
            np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-6)


@of("rules")
class TestRules:
    """Every way to look at the columns of a row."""

    def test_tells_of_each_row(self, method: Method) -> None:
        options = {"matches": {"column": "text", "pattern": "b"}, "where": {"condition": "text LIKE '%b%'"}}
        told = method.target(pa.table({"text": ["ab", None, "c"]}), **options[method.name])
        assert told.to_pylist() == [True, None, False]


@of("weak_supervision")
class TestWeakSupervision:
    """Every model of rules."""

    def test_gives_a_posterior_of_each_row(self, method: Method) -> None:
        answers = np.random.default_rng(0).integers(-1, CLASSES, (60, 5)).astype(np.int32)
        for prior in (None, np.full(CLASSES, 1 / CLASSES)):
            model = method.target(Patterns.of(answers), CLASSES, prior)
            posterior = model.posterior(answers)
            assert posterior.shape == (60, CLASSES)
            np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-5)
            assert model.prior.shape == (CLASSES,)
            assert isinstance(model.copies, dict)


@of("adapt")
class TestAdapt:
    """Every map of the embedding."""

    def test_maps_rows_to_rows(self, method: Method) -> None:
        found = method.target(SUMS)
        assert found is None or isinstance(found, Affine)
        if found is not None:
            assert found.centre.shape == (DIM,)
            assert np.isfinite(found.rows(FEATURES)).all()


@of("probes")
class TestProbes:
    """Every probe."""

    def test_is_linear_in_vectors_or_made_of_cells_and_tells_the_classes(self, method: Method) -> None:
        if "cells" in method.needs:
            cells = pack_cells(FEATURES, np.zeros((len(FEATURES), 0), int))
            said = method.target(cells, GIVEN, CLASSES).log_probs(cells)
            np.testing.assert_allclose(np.exp(said).sum(axis=1), 1, atol=1e-3)
            assert (said.argmax(axis=1) == TRUE).mean() > 0.8
            return
        if "rows" in method.needs:
            weights, intercepts = method.target(FEATURES, GIVEN, CLASSES)
        elif "words" in method.needs:
            said = np.stack([np.maximum(FEATURES[k == GIVEN], 0).sum(axis=0) for k in range(CLASSES)])
            weights, intercepts = method.target(WordsByClass(SUMS.count, said, SUMS.log_prior))
        else:
            of_sums = {"sums", "random_features"}.intersection(method.needs)
            weights, intercepts = method.target(SUMS if of_sums else ClassNames(NAMES))
        assert (weights.shape, intercepts.shape) == ((DIM, CLASSES), (CLASSES,))
        assert ((FEATURES @ weights + intercepts).argmax(axis=1) == TRUE).mean() > 0.8


@of("noise")
class TestNoise:
    """Every noise method."""

    def fitted(self, method: Method, parts: int = 3) -> tuple[Any, dict[str, Any]]:
        names = {"class_vectors": NAMES} if "class_names" in method.needs else {}
        seen = {name: SEEN[name] for name in method.keywords}
        model = method.target(**names)
        for rows in np.array_split(np.arange(ROWS), parts):
            model.update(GIVEN[rows], PROBS[rows], **{name: value[rows] for name, value in seen.items()})
        model.sampled_from(ROWS)
        model.finish()
        return model, seen

    def test_judges_each_row(self, method: Method) -> None:
        model, seen = self.fitted(method)
        found = model.score(GIVEN, PROBS, **seen)
        assert isinstance(found, NoiseResult)
        for values in (found.score, found.error_probability):
            assert values.shape == (ROWS,)
            assert values.dtype == np.float32
            assert ((values >= 0) & (values <= 1)).all()
        assert found.flag.dtype == bool
        assert ((found.suggestion == GIVEN) | found.flag).all()
        np.testing.assert_allclose(found.transition.sum(axis=1), 1, atol=1e-6)
        assert found.noise_rate_interval[0] <= found.noise_rate <= found.noise_rate_interval[1]
        assert isinstance(model.threshold, float)

    def test_a_row_s_verdict_depends_on_no_other_row(self, method: Method) -> None:
        model, seen = self.fitted(method)
        whole = model.score(GIVEN, PROBS, **seen)
        part = model.score(GIVEN[60:90], PROBS[60:90], **{name: value[60:90] for name, value in seen.items()})
        np.testing.assert_allclose(part.error_probability, whole.error_probability[60:90], atol=1e-5)

    def test_what_it_offers_beside_agrees_with_its_score(self, method: Method) -> None:
        model, seen = self.fitted(method)
        scored = model.score(GIVEN, PROBS, **seen)
        if isinstance(model, JudgesChecked):
            judged = model.judge(GIVEN, PROBS, posterior=False, **seen)
            np.testing.assert_array_equal(judged.error_probability, scored.error_probability)
            assert judged.posterior is None
        if isinstance(model, PlacesCut):
            np.testing.assert_array_equal(model.flags(scored), scored.flag)

    def test_is_what_detect_calls(self, method: Method) -> None:
        names = {"class_vectors": NAMES} if "class_names" in method.needs else {}
        given = {name: SEEN[name] for name in ("features", "votes") if name in method.needs}
        near = {"neighbours": NEAR} if "neighbours" in method.needs else {}
        found = detect(GIVEN, PROBS, method=method.name, posterior=True, **given, **near, **names)
        assert found.flag.shape == (ROWS,)
        assert found.posterior is not None and found.posterior.shape == (ROWS, CLASSES)
        np.testing.assert_allclose(found.posterior.sum(axis=1), 1, atol=1e-4)
        own = found.posterior[np.arange(ROWS), GIVEN]
        np.testing.assert_allclose(own, 1 - found.error_probability, atol=1e-4)


@of("multilabel")
class TestMultilabel:
    """Every noise method of rows with several labels."""

    def test_judges_rows_that_it_was_not_fitted_on(self, method: Method) -> None:
        true = RNG.random((ROWS, CLASSES)) < 0.4
        wrong = RNG.random((ROWS, CLASSES)) < 0.03
        given = sparse.csr_array((true ^ wrong).astype(np.int8))
        probs = np.where(true, 0.9, 0.1) + RNG.normal(0, 0.04, true.shape)
        probs = np.clip(probs, 0.001, 0.999).astype(np.float32)
        model = registry.make("multilabel", Chosen(method.name))
        model.fit(given[:HALF], probs[:HALF])
        found = model.judge(given[HALF:], probs[HALF:])
        assert isinstance(found, JudgedLabelSets)
        assert found.score.shape == (ROWS - HALF,)
        assert ((found.score >= 0) & (found.score <= 1)).all()
        assert found.missing.shape == found.extra.shape == (ROWS - HALF, CLASSES)
        seen = (found.missing + found.extra).toarray()
        assert ((seen >= 0) & (seen <= 1)).all()
        assert seen[wrong[HALF:]].mean() > max(10 * seen[~wrong[HALF:]].mean(), 0.1)
        for rate in (model.missing_rate, model.false_rate):
            assert rate.shape == (CLASSES,)
            assert ((rate >= 0) & (rate <= 1)).all()


@of("regression")
class TestRegression:
    """Every noise method of numbers."""

    def test_judges_rows_that_it_was_not_fitted_on(self, method: Method) -> None:
        predicted = RNG.normal(size=ROWS)
        wrong = RNG.random(ROWS) < 0.05
        given = predicted + RNG.normal(0, 0.1, ROWS) + 3 * wrong
        model = registry.make("regression", Chosen(method.name))
        for rows in (slice(0, HALF), slice(0, HALF)):
            model.fit(given[rows], predicted[rows])
        found = model.judge(given[HALF:], predicted[HALF:])
        assert isinstance(found, JudgedNumbers)
        np.testing.assert_array_equal(found.predicted, predicted[HALF:])
        for values in (found.p_value, found.error):
            assert values.shape == (ROWS - HALF,)
            assert ((values >= 0) & (values <= 1)).all()
        assert found.flag[wrong[HALF:]].mean() > 0.8
        assert found.flag[~wrong[HALF:]].mean() < 0.1
        low, high = model.usual(predicted)
        assert 0.8 < ((given >= low) & (given <= high))[~wrong].mean() < 1
        assert 0 <= model.rate <= 0.2


@of("prior")
class TestPrior:
    """Every estimator of a class mix."""

    def test_gives_shares_with_intervals(self, method: Method) -> None:
        found = method.target(check(GIVEN, PROBS, PROBS[TRUE != 2]))
        assert found.prior.shape == found.weights.shape == found.source_prior.shape == (CLASSES,)
        assert found.prior.sum() == pytest.approx(1)
        assert found.prior[2] < 0.15
        assert found.interval.shape == (CLASSES, 2)

    def test_a_class_without_a_labelled_row_has_no_share_and_any_interval(self, method: Method) -> None:
        rows = GIVEN != 2
        found = estimate_prior(GIVEN[rows], PROBS[rows], PROBS, method=method.name)
        assert found.prior[2] == 0
        assert found.interval[2].tolist() == [0, 1]


@of("drift")
class TestDrift:
    """Every test of drift."""

    def test_tells_what_moved_from_what_didn_t(self, method: Method) -> None:
        same = method.target(FEATURES[::2], FEATURES[1::2], 0.01)
        moved = method.target(FEATURES[::2], FEATURES[1::2] + 2, 0.01)
        assert (same.drifted, moved.drifted) == (False, True)
        assert 0 <= same.p_value <= 1
        assert 0 <= same.effect < moved.effect <= 1


@of("label_kind")
class TestLabelKind:
    """Every kind of imprecise label."""

    def test_says_something_of_every_row(self, method: Method) -> None:
        marks = sparse.csr_array(
            np.zeros((ROWS, CLASSES)) if method.name == "none" else NAMES[GIVEN, :CLASSES]
        )
        if "bags" in method.needs:
            found = method.target(marks, GIVEN, PROBS)
            np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-4)
            np.testing.assert_array_equal(found.argmax(axis=1), GIVEN)
            return
        named = {"propensity": np.array([0, 0.3, 0.3, 0.3])} if "propensity" in method.needs else {}
        found = method.target(marks, **named)
        assert isinstance(found, Likelihood)
        rows = found.dense(slice(None))
        assert rows.shape == (ROWS, CLASSES)
        assert (rows >= 0).all()
        assert (rows.max(axis=1) > 0).all()
        np.testing.assert_allclose(found.dense(np.arange(60, 90)), rows[60:90])


@of("relabel")
class TestRelabel:
    """Every way to decide on labels."""

    def test_places_a_cut_for_every_class(self, method: Method) -> None:
        flag, error = GIVEN != TRUE, np.full(ROWS, 0.9, np.float32)
        rows = JudgedLabels(GIVEN, flag, TRUE.astype(np.int32), error, *[np.full(ROWS, 0.85, np.float32)] * 2)
        claims = Claims.of(rows, CLASSES)
        for trust in (Trust(), Trust((1,))):
            cut = method.target(claims, trust)
            assert cut.over.shape == (CLASSES,)
            assert (cut.over >= 0).all()
            decided = decide(rows, cut, relabel=True)
            assert isinstance(decided, Decisions)
            assert set(decided.reason.tolist()) <= set(range(len(REASONS)))
            np.testing.assert_array_equal(decided.label[~flag], GIVEN[~flag])
        np.testing.assert_array_equal(decide(rows, cut, relabel=False).label, GIVEN)


@of("weights")
class TestWeights:
    """Every way to weigh rows."""

    @pytest.mark.parametrize("known", [False, True])
    def test_weighs_every_row(self, method: Method, known: bool) -> None:
        half = np.where(np.arange(ROWS) % 2, 0.5, 0.25)
        rows = WeighedRows(GIVEN, PROBS.max(axis=1), FEATURES, {"given": half})
        masses = MassSums.of(rows, CLASSES, ["given"])
        facts = WeightFacts(None, masses.rows_by_class, masses.cells)
        if known:
            density = density_ratio(FEATURES, FEATURES + 1)
            facts = replace(facts, class_weights=np.array([1.0, 20.0, 0.5, 1.0]), density=density)
        options = {"column": "given"} if "column" in method.needs else {}
        found = np.asarray(method.target(rows, facts, **options))
        assert found.shape == (ROWS,)
        assert (np.isfinite(found) & (found >= 0)).all()


@of("models")
class TestModels:
    """Every model that labels are compared by."""

    @pytest.mark.parametrize("weight", [None, np.ones(ROWS, np.float32)])
    def test_predicts_the_labels_of_other_rows(self, method: Method, weight: Any) -> None:
        predict = method.target(FEATURES, GIVEN, weight, CLASSES)
        found = predict(FEATURES[:HALF])
        assert found.shape == (HALF, CLASSES)
        assert (found.argmax(axis=1) == TRUE[:HALF]).mean() > 0.8


@of("content")
class TestContent:
    """Every issue of what is in rows."""

    def test_scores_rows_alike_after_a_pickle_and_one_at_a_time(self, method: Method) -> None:
        kind = "text" if "text" in method.modality else "image"
        values = TEXTS if kind == "text" else pa.array([encoded(picture(RNG, 40, 40)) for _ in range(30)])
        rows = ContentRows.of(kind, values)
        judge = method.target()
        judge.fit(rows if "reads_images" in dir(judge) else rows.sampled)
        score = pickle.loads(pickle.dumps(judge)).judge(rows)
        assert score.shape == (len(values),)
        assert np.all(np.isnan(score) | ((score >= 0) & (score <= 1)))
        alone = [judge.judge(ContentRows.of(kind, values[place : place + 1])) for place in range(5)]
        np.testing.assert_allclose(np.concatenate(alone), score[:5], rtol=1e-6)


@pytest.mark.parametrize("method", FUNCTIONS, ids=lambda each: f"{each.kind}-{each.name}")
class TestFunctions:
    """Every function on arrays: its needs are the names that it is called by."""

    def test_is_called_by_what_it_needs_and_changes_none_of_it(self, method: Method) -> None:
        known = {**INPUTS, **OF_KIND.get(method.kind, {}), "windows": WINDOWS.get(method.name)}
        given = {name: known[name] for name in method.needs}
        before = copy.deepcopy(given)
        assert method.target(**given) is not None
        for name, values in given.items():
            if isinstance(values, np.ndarray):
                np.testing.assert_array_equal(values, before[name])


def test_every_kind_is_held_to_its_contract() -> None:
    held = {name.removeprefix("Test").lower() for name in globals() if name.startswith("Test")}
    kinds = {name.replace("_", "") for name in registry.KINDS}
    assert {"encoders", *held, *(function.kind.replace("_", "") for function in FUNCTIONS)} - {
        "functions"
    } == kinds
