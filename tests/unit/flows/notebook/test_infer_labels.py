"""Imprecise labels as people write them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import labelworks as lw
from labelworks.flows.notebook.inputs.observed import kinds_of, marks_of, said_of

NAMES = np.array(["cat", "dog", "owl"])
ROWS = 240


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, ROWS)
    return NAMES[true], 4 * np.eye(3)[true] + rng.normal(size=(ROWS, 3))


def read(observed, kind, classes=None):
    marks, order = marks_of(said_of(observed, kind, classes), classes)
    return marks.toarray().tolist(), order.tolist()


@pytest.mark.parametrize(
    ("observed", "kind", "wanted"),
    [
        (["dog", None, "cat"], "single", [[0, 1], [0, 0], [1, 0]]),
        ([["cat", "dog"], {"dog"}, ("cat",)], "candidates", [[1, 1], [0, 1], [1, 0]]),
        ([{"cat": 0.2, "dog": 0.8}, {}, {"cat": 1, "dog": 0}], "soft", [[0.2, 0.8], [0, 0], [1, 0]]),
        ([["cat", "cat", "dog"], ["dog", None], []], "votes", [[2, 1], [0, 1], [0, 0]]),
        ([{"cat": 3, "dog": 1}], "votes", [[3, 1]]),
        (pa.array([["cat", "dog"], None, ["dog"]]), "candidates", [[1, 1], [0, 0], [0, 1]]),
        (pd.Series(["dog", np.nan, "cat"], index=[5, 6, 7]), "single", [[0, 1], [0, 0], [1, 0]]),
    ],
)
def test_what_people_write_is_read(observed, kind, wanted):
    assert read(observed, kind, ["cat", "dog"]) == (wanted, ["cat", "dog"])


def test_numbers_are_of_the_stated_classes():
    assert read(np.array([[0.1, 0.9], [0.5, 0.5]]), "soft", ["b", "a"]) == (
        [[0.1, 0.9], [0.5, 0.5]],
        ["b", "a"],
    )
    assert read([[0.1, 0.9]], "soft", ["b", "a"]) == ([[0.1, 0.9]], ["b", "a"])
    with pytest.raises(lw.InputError, match="row 0: 2 numbers, of no stated classes"):
        read([[0.1, 0.9]], "soft")
    with pytest.raises(lw.InputError, match="row 1: class 'a' has -1"):
        read([{"a": 1, "b": 1}, {"a": -1}], "soft")


def test_rows_that_say_nothing_are_of_no_label():
    values = said_of(
        ["cat", None, ["cat", "dog"], None], ["single", "single", "candidates", "single-positive"], None
    )
    kinds = kinds_of(["single", "single", "candidates", "single-positive"], values)
    assert kinds.tolist() == ["single", "none", "candidates", "single-positive"]


def test_candidates_become_labels_with_their_index(made):
    named, features = made
    rng = np.random.default_rng(1)
    observed = pd.Series(
        [[a, b] for a, b in zip(named, rng.choice(NAMES, ROWS), strict=True)], index=range(9, 9 + ROWS)
    )
    found = lw.infer_labels(observed, "candidates", features)
    assert (found.labels == named).mean() > 0.97
    assert found.posterior.shape == (ROWS, 3)
    np.testing.assert_allclose(found.confidence, found.posterior.max(axis=1))
    table = found.to_pandas()
    assert table.index.tolist() == list(range(9, 9 + ROWS))
    assert table.columns.tolist() == ["label", "confidence", "kind"]
    assert found.summary.startswith("240 labels (240 candidates), ")
    assert "InferredLabels" in found._repr_html_()


def test_kinds_by_row_and_bags(made):
    named, features = made
    kinds = np.array(["single", "bags", "complementary", "none"], object)[np.arange(ROWS) // 6 % 4]
    bags = np.arange(ROWS) // 6
    observed = []
    for row in range(ROWS):
        if kinds[row] == "bags":
            names, counts = np.unique(named[bags == bags[row]], return_counts=True)
            observed.append(dict(zip(names.tolist(), counts.tolist(), strict=True)))
        else:
            wrong = NAMES[(NAMES.tolist().index(named[row]) + 1) % 3]
            observed.append({"single": named[row], "complementary": [wrong], "none": None}[kinds[row]])
    found = lw.infer_labels(observed, kinds, features, bags=bags)
    assert (found.labels == named).mean() > 0.97
    assert found.kinds.tolist() == kinds.tolist()
    with pytest.raises(lw.ConfigError, match="have no bags"):
        lw.infer_labels(observed, kinds, features)


def test_a_transition_is_heard(made):
    named, features = made
    rng = np.random.default_rng(2)
    given = np.where(rng.random(ROWS) < 0.3, rng.choice(NAMES, ROWS), named)
    transition = 0.7 * np.eye(3) + 0.1
    found = lw.infer_labels(given, "single", features, transition=transition)
    assert (found.labels == named).mean() > 0.96 > (given == named).mean() + 0.1
    assert (lw.infer_labels(given, "single", features).labels == given).all()


def test_what_cannot_be_read_is_refused(made):
    _, features = made
    with pytest.raises(
        lw.ConfigError, match="unknown label_kind method 'candidate'\n  did you mean 'candidates'"
    ) as caught:
        lw.infer_labels([["a", "b"]] * ROWS, "candidate", features)
    assert "infer_labels(kind=…)" in str(caught.value)
    with pytest.raises(lw.InputError, match="row 1: label 'emu' is none of the classes"):
        lw.infer_labels(["cat", "emu"], "single", features[:2], classes=["cat", "dog"])
    with pytest.raises(lw.InputError, match="240"):
        lw.infer_labels(["cat", "dog"], "single", features)
    with pytest.raises(lw.InputError, match="row 1: what a class has is no number"):
        lw.infer_labels([{"cat": 1}, {"dog": "x"}], "soft", features[:2])
    for odd in (5, "cat"):
        with pytest.raises(lw.InputError, match=f"observed is {odd!r}"):
            lw.infer_labels(odd, "single", features)
    with pytest.raises(lw.InputError, match="row 0: a single label is of 2 classes"):
        lw.infer_labels([["cat", "dog"], "cat"], "single", features[:2])


def test_sets_of_labels_from_one_each():
    rng = np.random.default_rng(0)
    true = rng.random((600, 4)) < 0.4
    true[~true.any(axis=1), 0] = True
    names = np.array(["a", "b", "c", "d"])
    given = [str(rng.choice(names[row])) for row in true]
    found = lw.infer_label_sets(given, 4 * true + rng.normal(size=true.shape))
    assert ((found.posterior > 0.5) == true).mean() > 0.95
    assert found.labels[0] == names[found.posterior[0] >= 0.5].tolist()
    assert found.summary.startswith("600 rows with ")
    assert found.to_pandas()["least_sure"].between(0.5, 1).all()
