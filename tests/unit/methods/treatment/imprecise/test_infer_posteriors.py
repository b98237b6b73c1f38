"""What is made of imprecise labels and features: posteriors that are right as often as they say."""

import numpy as np
import pytest
from scipy import sparse

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.treatment.imprecise.core import fitting, pseudo_labels
from labelworks.tasks.methods.treatment.imprecise.core.infer import infer, largest
from labelworks.tasks.methods.treatment.imprecise.core.pseudo_labels import surest

PROBES = ("lda", "ridge", "prototype")
ROWS, CLASSES = 900, 5


@pytest.fixture(scope="module")
def made():
    """Features, true classes, folds: five Gaussians of which two overlap."""
    rng = np.random.default_rng(3)
    true = rng.choice(CLASSES, ROWS, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    centres = 2.6 * rng.normal(size=(CLASSES, 6))
    features = (centres[true] + 1.7 * rng.normal(size=(ROWS, 6))).astype(np.float32)
    return features, true, rng.integers(0, 5, ROWS)


def run(made, marks, kinds, **more):
    features, _, folds = made
    kinds = np.full(len(marks), kinds, object) if isinstance(kinds, str) else kinds
    return infer(sparse.csr_array(np.asarray(marks, float)), kinds, features, folds, 5, probes=PROBES, **more)


def partial(true, rng, share=0.4):
    return np.maximum(np.eye(CLASSES)[true], rng.random((len(true), CLASSES)) < share)


def right(found, true):
    return (found.posterior.argmax(axis=1) == true).mean()


def test_features_tell_which_candidate_is_right_and_how_surely(made):
    true = made[1]
    marks = partial(true, np.random.default_rng(0))
    found = run(made, marks, "candidates")
    assert found.posterior.shape == (ROWS, CLASSES)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, atol=1e-5)
    assert not found.posterior[marks == 0].any()
    assert (
        right(found, true)
        > 0.93
        > (marks / marks.sum(axis=1, keepdims=True))[np.arange(ROWS), true].mean() + 0.2
    )
    assert found.posterior.max(axis=1).mean() == pytest.approx(right(found, true), abs=0.03)


def test_what_is_not_right_tells_it_too(made):
    true, rng = made[1], np.random.default_rng(0)
    wrong = (true + rng.integers(1, CLASSES, ROWS)) % CLASSES
    assert right(run(made, np.eye(CLASSES)[wrong], "complementary"), true) > 0.8


def test_bags_are_told_apart_by_features(made):
    true = made[1]
    bag = np.arange(ROWS) // 6
    shares = np.stack(
        [np.bincount(true[bag == each], minlength=CLASSES) / 6 for each in range(bag.max() + 1)]
    )
    found = run(made, shares[bag], "bags", bags=bag)
    assert right(found, true) > 0.9
    counts = np.stack([np.bincount(bag, column) for column in found.posterior.T], axis=1)
    np.testing.assert_allclose(counts, 6 * shares, atol=0.02)


def test_rows_without_a_label_come_in_and_do_no_harm(made):
    true = made[1]
    kinds = np.where(np.arange(ROWS) < 60, "single", "none").astype(object)
    marks = np.eye(CLASSES)[true]
    marks[60:] = 0
    found = run(made, marks, kinds)
    labelled = np.flatnonzero(kinds == "single")
    alone = infer(
        sparse.csr_array(np.vstack([marks[labelled], 1 + 0 * marks])),
        np.array(["single"] * 60 + ["candidates"] * ROWS, object),
        np.vstack([made[0][labelled], made[0]]), np.append(made[2][labelled], made[2]), 5, probes=PROBES,
    )  # fmt: skip
    assert right(found, true) > 0.9
    assert right(found, true) >= (alone.posterior[60:].argmax(axis=1) == true).mean() - 0.005  # plain EM
    assert found.posterior[60:].max(axis=1).mean() == pytest.approx(right(found, true), abs=0.06)


def test_kinds_are_mixed(made):
    true, rng = made[1], np.random.default_rng(0)
    kinds = np.array(["single", "candidates", "complementary", "none"], object)[np.arange(ROWS) % 4]
    exact, some = np.eye(CLASSES)[true], partial(true, rng)
    wrong = np.eye(CLASSES)[(true + 1) % CLASSES]
    marks = np.select(
        [(kinds == each)[:, None] for each in ("single", "candidates", "complementary")],
        [exact, some, wrong],
        0,
    )
    found = run(made, marks, kinds)
    assert right(found, true) > 0.93
    assert (found.posterior[kinds == "single"].argmax(axis=1) == true[kinds == "single"]).all()


def test_positives_tell_the_rest(made):
    features, true, folds = made
    rng = np.random.default_rng(0)
    positive = true < 2
    labelled = positive & (rng.random(ROWS) < 0.4)
    marks = np.stack([np.zeros(ROWS), labelled], axis=1)
    found = infer(
        sparse.csr_array(marks), np.full(ROWS, "single-positive", object), features, folds, 5, probes=PROBES
    )
    assert (found.posterior.argmax(axis=1) == positive).mean() > 0.85
    marks[:, 0] = ~labelled
    with pytest.raises(ConfigError, match="every class has labelled rows"):
        infer(
            sparse.csr_array(marks[:, :] * (rng.random(ROWS) < 0.5)[:, None]),
            np.full(ROWS, "single-positive", object), features, folds, 5, probes=PROBES,
        )  # fmt: skip


def test_nothing_can_be_told_of_no_label(made):
    with pytest.raises(InputError, match="no row has a label"):
        run(made, np.zeros((ROWS, CLASSES)), "none")


def test_the_same_is_found_again(made):
    marks = partial(made[1], np.random.default_rng(0))
    one, other = (run(made, marks, "candidates").posterior for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_the_surest_of_each_class_come_in():
    posterior = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.45, 0.55], [0.3, 0.7]], np.float32)
    rows = np.arange(5)
    taken = list(surest(lambda: iter([(rows[:2], posterior[:2]), (rows[2:], posterior[2:])]), 0.5))
    assert np.concatenate([each for each, _ in taken]).tolist() == [0, 2, 4]
    whole = list(surest(lambda: iter([(rows, posterior)]), 1.0))
    assert whole[0][0].tolist() == [0, 1, 2, 3, 4]


def test_of_many_classes_the_largest_are_kept():
    posterior = np.random.default_rng(0).dirichlet(np.ones(300), 4).astype(np.float32)
    kept = largest(posterior)
    assert np.diff(kept.indptr).tolist() == [32] * 4
    np.testing.assert_array_equal(
        np.sort(kept.toarray(), axis=1)[:, -32:], np.sort(posterior, axis=1)[:, -32:]
    )


def test_random_features_are_taken_where_classes_are_not_linear(monkeypatch):
    monkeypatch.setattr(fitting, "MOST", 4)  # rounds
    monkeypatch.setattr(pseudo_labels, "SHARES", (0.5,))
    rng, rows = np.random.default_rng(0), 300
    angle, true = rng.uniform(0, 2 * np.pi, rows), rng.integers(0, 2, rows)
    rings = (1 + 2 * true[:, None]) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    features = (rings + 0.1 * rng.normal(size=rings.shape)).astype(np.float32)
    marks = np.maximum(np.eye(2)[true], rng.random((rows, 2)) < 0.3)
    kinds = np.where(np.arange(rows) < 220, "candidates", "none").astype(object)
    marks[220:] = 0
    given = sparse.csr_array(marks), kinds, features, np.arange(rows) % 2, 2
    found = infer(*given, probes=("lda", "fourier-lda"))
    assert right(found, true) > 0.95
    assert right(infer(*given, probes=("lda",)), true) < 0.9
