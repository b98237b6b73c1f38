"""Wrong labels by the front door: what the methods find, under the people's own names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array

import labelworks as lw
from labelworks.flows.notebook.inputs.columns import matrix
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.noise import detect

NAMES = np.array(["ant", "bee", "cat"])


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Labels of three classes, a tenth of them wrong; features that tell them; a model's probabilities."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 300)
    features = (9 * np.eye(3, 6)[true] + rng.normal(size=(300, 6))).astype(np.float32)
    wrong = rng.random(300) < 0.1
    given = np.where(wrong, (true + 1) % 3, true)
    probs = 0.05 + 0.85 * np.eye(3)[true] + 0.02 * rng.random((300, 3))
    return {
        "true": true, "given": given, "wrong": wrong, "features": features,
        "probs": probs / probs.sum(axis=1, keepdims=True),
    }  # fmt: skip


def test_names_change_nothing_of_what_is_found(made: dict[str, Any]) -> None:
    direct = detect(made["given"], made["probs"], posterior=True)
    found = lw.find_label_errors(NAMES[made["given"]], made["probs"])
    for name in ("score", "error_probability", "flag", "posterior", "transition"):
        np.testing.assert_array_equal(getattr(found, name), getattr(direct, name))
    np.testing.assert_array_equal(found.suggestion, NAMES[direct.suggestion])
    assert found.noise_rate == direct.noise_rate
    assert found.method == "auto"


def test_columns_in_another_order_change_nothing(made: dict[str, Any]) -> None:
    labels = pd.Series(NAMES[made["given"]])
    table = pd.DataFrame(made["probs"], columns=NAMES)
    found = [
        lw.find_label_errors(labels, each)
        for each in (table, table[["cat", "ant", "bee"]], pl.from_pandas(table))
    ]
    assert found[1].classes.tolist() == ["cat", "ant", "bee"]
    for each in found[1:]:
        np.testing.assert_array_equal(found[0].flag, each.flag)
        np.testing.assert_array_equal(found[0].suggestion, each.suggestion)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_features_alone_are_enough(made: dict[str, Any], kind: Any) -> None:
    found = lw.find_label_errors(NAMES[made["given"]], features=made["features"].astype(kind))
    assert found.method == "auto-neighbours"
    assert np.mean(found.flag == made["wrong"]) > 0.98
    assert np.mean(found.suggestion == NAMES[made["true"]]) > 0.98


def test_probabilities_are_made_without_the_rows_own_fold(made: dict[str, Any]) -> None:
    """A row's label has no say in what is expected of it."""
    from labelworks.flows.notebook.inputs.out_of_sample import out_of_sample

    before = out_of_sample(made["features"], made["given"], 3)
    given = made["given"].copy()
    given[7] = (given[7] + 1) % 3
    after = out_of_sample(made["features"], given, 3)
    assert np.abs(before - after)[7].max() < 0.02  # the temperatures are of all folds
    np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-5)


def test_a_result_is_a_table_under_the_labels_index(made: dict[str, Any]) -> None:
    labels = pd.Series(NAMES[made["given"]], index=[f"row {number}" for number in range(300)])
    found = lw.find_label_errors(labels, made["probs"])
    table = found.to_pandas()
    assert list(table.index) == list(labels.index)
    assert table["suggestion"].isna().equals(~table["flag"])
    assert set(found.issues.index) == set(labels.index[found.flag])
    assert found.issues["error_probability"].is_monotonic_decreasing


def test_a_result_in_a_notebook_is_escaped() -> None:
    names = np.array(["<script>alert(1)</script>", "$x$ & y"])
    probs = np.tile([[0.95, 0.05], [0.05, 0.95]], (30, 1))
    labels = names[np.tile([0, 1], 30)]
    labels[[4, 9, 11]] = names[[1, 0, 0]]
    found = lw.find_label_errors(labels, probs, classes=names, method="confident-learning")
    page = found._repr_html_()
    assert found.flag.sum() == 3
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "mathjax_ignore" in page
    assert repr(found).startswith("<LabelErrors: 3 of 60 labels flagged")


def test_a_target_is_an_option_of_the_method(made: dict[str, Any]) -> None:
    found = lw.find_label_errors(made["given"], made["probs"], target={"budget": 5})
    assert found.flag.sum() <= 5
    with pytest.raises(lw.ConfigError, match="unknown option"):
        lw.find_label_errors(made["given"], made["probs"], targets=1)
    with pytest.raises(lw.ConfigError, match="did you mean"):
        lw.find_label_errors(made["given"], made["probs"], method="confident-learnin")


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({}, lw.ConfigError, "neither pred_probs nor features"),
        ({"pred_probs": np.full((3, 2), 0.5)}, lw.InputError, "pred_probs has 3 rows, labels 4"),
        ({"pred_probs": np.full((4, 2), 0.9)}, lw.InputError, "row 0.*sums to 1.8"),
        ({"features": [[1.0], [np.nan], [1.0], [2.0]]}, lw.InputError, "row 1 of features is not finite"),
        ({"features": np.ones((3, 2))}, lw.InputError, "features has 3 rows, labels 4"),
        ({"features": np.ones((4, 0))}, lw.InputError, r"shape \(4, 0\)"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        lw.find_label_errors(["a", "b", "a", "b"], **arguments)
    assert caught.value.where  # type: ignore[attr-defined]
    assert caught.value.fix  # type: ignore[attr-defined]


def test_votes_are_in_the_order_of_the_classes(made: dict[str, Any]) -> None:
    votes = pd.DataFrame(made["probs"], columns=NAMES)
    labels, probs = NAMES[made["given"]], made["probs"]
    found = [
        lw.find_label_errors(labels, probs, method="crowd-posterior", votes=each)
        for each in (made["probs"], votes, votes[["cat", "ant", "bee"]])
    ]
    for each in found[1:]:
        np.testing.assert_array_equal(found[0].score, each.score)
    with pytest.raises(
        lw.InputError, match="columns of votes are not the classes: only one has 'bee', 'bug'"
    ):
        lw.find_label_errors(
            labels, probs, method="crowd-posterior", votes=votes.rename(columns={"bee": "bug"})
        )


@pytest.mark.parametrize("rows", [2, 3, 10, 11])
def test_few_rows_are_judged_without_neighbours(rows: int) -> None:
    labels = ["a", "b"] * (rows // 2) + ["a"] * (rows % 2)
    found = lw.find_label_errors(labels, features=np.arange(rows) % 2)
    assert found.method == ("auto" if rows <= 10 else "auto-neighbours")
    assert not found.flag.any()


def test_features_of_one_class_tell_nothing() -> None:
    with pytest.raises(lw.InputError, match="labels have one class"):
        lw.find_label_errors(["a"] * 30, features=np.random.default_rng(0).normal(size=(30, 2)))


MATRIX = np.tile([[1, 0, 0], [1, 1, 0], [0, 1, 1]], (40, 1))


def label_lists(matrix: np.ndarray) -> list[list[str]]:
    return [[str(name) for name in NAMES[row > 0]] for row in matrix]


def test_label_sets_of_any_form_find_the_same() -> None:
    given = MATRIX.copy()
    given[1, 1] = 0
    given[4, 2] = 1
    probs = 0.05 + 0.9 * MATRIX
    table = pd.DataFrame(probs, columns=NAMES)
    found = [
        lw.find_multilabel_errors(label_lists(given), probs),
        lw.find_multilabel_errors(label_lists(given), table[["bee", "cat", "ant"]]),
        lw.find_multilabel_errors(pd.DataFrame(given, columns=NAMES)[["cat", "ant", "bee"]], table),
        lw.find_multilabel_errors(csr_array(given), csr_array(probs), classes=NAMES),
        lw.find_multilabel_errors(pl.Series(label_lists(given)), probs),
    ]
    for each in found:
        assert [sorted(row) for row in each.missing][:5] == [[], ["bee"], [], [], []]
        assert [sorted(row) for row in each.extra][:5] == [[], [], [], [], ["cat"]]
        assert each.flag.sum() == 2
    assert set(found[0].issues.index) == {1, 4}


def test_label_sets_by_features() -> None:
    rng = np.random.default_rng(0)
    given = MATRIX.copy()
    given[1, 1] = 0
    features = 5 * MATRIX @ rng.normal(size=(3, 8)) + 0.1 * rng.normal(size=(120, 8))
    found = lw.find_multilabel_errors(label_lists(given), features=features)
    assert found.missing[1] == ["bee"]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([["ant"], None, ["bee"]], "row 1: no list of labels"),
        (["ant", "bee", "cat"], "row 0: no list of labels"),
        ([["ant"], ["dog"], ["bee"]], "row 1: label 'dog' is none"),
        (np.array([[1, 0, 2]] * 3), "row 0: a label is neither 0 nor 1"),
        (np.array([[1, np.nan, 0]] * 3), "row 0: a label is neither 0 nor 1"),
        (np.ones((3, 2)), "2 columns"),
        ([["ant"]], "3 rows, labels 1"),
    ],
)
def test_bad_label_sets_are_refused(labels: Any, says: str) -> None:
    with pytest.raises(lw.InputError, match=says):
        lw.find_multilabel_errors(labels, pd.DataFrame(np.full((3, 3), 0.5), columns=NAMES))


def test_numbers_by_features_and_by_predictions() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 4))
    true = features @ [1.0, 2.0, -1.0, 0.5]
    labels = true + 0.1 * rng.normal(size=300)
    labels[5] += 9
    labels[[8, 9]] = [30.0, -30.0]
    series = pd.Series(labels, index=np.arange(300) + 1000)
    by_features = lw.find_regression_errors(series, features=features)
    by_model = lw.find_regression_errors(series, predictions=pl.Series(true))
    for found in (by_features, by_model):
        assert {1005, 1008, 1009} <= set(found.issues.index)
        assert found.flag.sum() < 12


@pytest.mark.parametrize(
    ("labels", "arguments", "error", "says"),
    [
        (["a", "b"], {"predictions": [1, 2]}, lw.InputError, "texts such as 'a'"),
        ([1.0, np.nan], {"predictions": [1, 2]}, lw.InputError, "labels, row 1: nan is no finite number"),
        ([1.0, 2.0], {"predictions": [1, 2, 3]}, lw.InputError, "predictions has 3 rows"),
        (np.arange(40.0), {"features": np.arange(40.0), "fdr": 2}, lw.ConfigError, "fdr is 2"),
        ([1.0, None], {"predictions": [1, 2]}, lw.InputError, "labels, row 1"),
        ([1.0, 2.0], {}, lw.ConfigError, "neither predictions nor features"),
        (
            [1.0, 2.0],
            {"features": [[1], [2]], "spread": [1, 1]},
            lw.ConfigError,
            "no predictions of that spread",
        ),
    ],
)
def test_bad_numbers_are_refused(labels: Any, arguments: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        lw.find_regression_errors(labels, **arguments)


@pytest.mark.parametrize("features", [np.ones((300, 4)), 1e-30 * np.eye(300, 4), 1e18 + np.eye(300, 4)])
def test_features_that_are_the_same_in_all_rows_are_refused(features: Any) -> None:
    names = np.array(["a", "b", "c"])[np.arange(300) % 3]
    for call in (
        lambda: lw.find_label_errors(names, features=features),
        lambda: lw.find_multilabel_errors([[name] for name in names], features=features),
        lambda: lw.find_regression_errors(np.arange(300.0), features=features),
        lambda: lw.infer_labels(names, "single", features),
        lambda: lw.estimate_prior(names, features=features, target_features=features),
    ):
        with pytest.raises(InputError, match="the same in single precision"):
            call()


def test_features_too_large_to_be_squared_are_refused(made: dict[str, Any]) -> None:
    features = 1e30 * np.random.default_rng(0).normal(size=(len(made["given"]), 4))
    with pytest.raises(InputError, match="row 0 of features has numbers beyond"):
        lw.find_label_errors(made["given"], features=features)


def test_features_far_from_zero_tell_as_much(made: dict[str, Any]) -> None:
    near = lw.find_label_errors(made["given"], features=made["features"])
    far = lw.find_label_errors(made["given"], features=made["features"] + 1e7)
    assert (near.flag == far.flag).mean() > 0.99


def test_tensors_are_arrays(made: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    probs = torch.tensor(made["probs"], requires_grad=True)
    flags = lw.find_label_errors(made["given"], made["probs"]).flag
    np.testing.assert_array_equal(lw.find_label_errors(made["given"], probs).flag, flags)
    np.testing.assert_array_equal(lw.find_label_errors(made["given"], list(probs)).flag, flags)
    half = matrix(probs.bfloat16(), "pred_probs").values
    assert half.dtype == np.float32


@pytest.mark.parametrize(
    ("labels", "says"),
    [([["a", "b"]] * 300, "every row has all labels"), (np.zeros((300, 3), int), "no row has a label")],
)
def test_label_sets_that_are_all_the_same_are_refused(made: dict[str, Any], labels: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        lw.find_multilabel_errors(labels, features=made["features"])


def test_numbers_too_large_to_be_squared_are_refused(made: dict[str, Any]) -> None:
    labels = np.where(np.arange(300) == 7, 1e200, np.arange(300.0))
    with pytest.raises(InputError, match=r"labels, row 7: 1e.200 is beyond"):
        lw.find_regression_errors(labels, features=made["features"])
