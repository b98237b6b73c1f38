"""`lw.label_by_rules` and `lw.aggregate_rules`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import labelworks as lw

RULES = [
    {"name": "win", "label": "spam", "matches": r"\bwin\b", "column": "text"},
    {"name": "dear", "label": "spam", "where": "amount > 100"},
    {"name": "greets", "label": "ham", "matches": "^hello", "column": "text"},
]


def rows(count: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows and their classes; a quarter says nothing."""
    rng = np.random.default_rng(seed)
    true = np.array(["ham", "spam"])[rng.integers(0, 2, count)]
    said = np.where(rng.random(count) < 0.9, true, np.where(true == "ham", "spam", "ham"))
    texts = np.where(rng.random(count) < 0.25, "so", np.where(said == "spam", "win it", "hello you"))
    amount = np.where(true == "spam", rng.uniform(0, 200, count), rng.uniform(0, 110, count))
    return pd.DataFrame({"text": texts, "amount": amount}), true


def test_rules_make_labels() -> None:
    """None where none fires; what each rule is, by name."""
    table, true = rows()
    found = lw.label_by_rules(table, RULES)
    fires = (found.votes >= 0).any(axis=1)
    assert (found.labels[~fires] == None).all()  # noqa: E711 - elementwise
    assert (found.labels[fires] == true[fires]).mean() > 0.8
    assert found.rules.index.tolist() == ["win", "dear", "greets"]
    assert found.rules.loc["dear", "fires"] == (table["amount"] > 100).sum()
    assert "3 rules" in found.summary
    assert found.to_pandas()["fires"].tolist() == (found.votes >= 0).sum(axis=1).tolist()


def test_features_speak_beside_the_rules_and_where_none_fires() -> None:
    """Every row has a label, and more are right."""
    table, true = rows()
    features = np.where(true == "spam", 2.0, 0.0)[:, None] + np.random.default_rng(1).normal(size=(400, 3))
    alone = lw.label_by_rules(table, RULES)
    both = lw.label_by_rules(table, RULES, features=features)
    fires = (alone.votes >= 0).any(axis=1)
    assert (both.labels[fires] == true[fires]).mean() > (alone.labels[fires] == true[fires]).mean()
    assert (both.labels[~fires] == true[~fires]).mean() > 0.9
    np.testing.assert_allclose(both.posterior.sum(axis=1), 1, atol=1e-5)


def test_votes_made_elsewhere_are_the_same() -> None:
    """By a table, and by an array."""
    table, _ = rows()
    found = lw.label_by_rules(table, RULES)
    names = np.append(found.classes, [None])
    votes = pd.DataFrame(names[found.votes], columns=["win", "dear", "greets"])
    for given in (votes, votes.to_numpy()):
        again = lw.aggregate_rules(given)
        np.testing.assert_array_equal(again.posterior, found.posterior)
        assert again.classes.tolist() == ["ham", "spam"]
    assert lw.aggregate_rules(votes).rules.index.tolist() == ["win", "dear", "greets"]


def test_a_class_mix_that_is_known_is_taken() -> None:
    """And stands in the result."""
    table, _ = rows()
    found = lw.label_by_rules(table, RULES, prior={"spam": 0.2, "ham": 0.8})
    assert found.prior == pytest.approx([0.8, 0.2])


def test_a_class_mix_of_numbered_classes_is_taken_as_it_is_written() -> None:
    """Classes are named by text, and the mix by numbers as the labels of the rules are."""
    rules = [
        {"name": "win", "label": 1, "matches": "win", "column": "text"},
        {"name": "greets", "label": 0, "matches": "hello", "column": "text"},
    ]
    found = lw.label_by_rules({"text": ["win", "hello", "hello"]}, rules, prior={0: 0.8, 1: 0.2})
    assert found.prior == pytest.approx([0.8, 0.2])


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([{"name": "a", "label": "x", "matches": "("}], "no regular expression"),
        ([{"name": "a", "label": "x", "matches": "a"}], "rule 'a': no texts"),
        ([{"name": "a", "label": "x", "where": "size > 1"}], "rule 'a': there is no column 'size'"),
        ([{"name": "a", "label": "x"}], "give exactly one of matches, where, function"),
        ([{"name": "a", "label": "x", "like": "b"}], "like: Extra inputs"),
        ([{"name": "a", "label": "x", "matches": "b", "column": "text"}] * 2, "two rules are called 'a'"),
        (["a"], "Input should be a valid dictionary"),
        ([], "there are no rules"),
    ],
)
def test_what_is_no_rule_is_refused(rules: Any, says: str) -> None:
    """With its place."""
    with pytest.raises(lw.ConfigError, match=says.replace("(", r"\(")):
        lw.label_by_rules({"text": ["a"]}, rules)


def test_a_rule_speaks_for_one_of_the_classes() -> None:
    """Where they are said."""
    rule = {"name": "a", "label": "x", "matches": "b", "column": "text"}
    with pytest.raises(lw.ConfigError, match="rule 'a' speaks for 'x', which is none of the classes"):
        lw.label_by_rules({"text": ["b"]}, [rule], classes=["y", "z"])


def test_answers_that_are_no_class_are_refused() -> None:
    """With what there is."""
    with pytest.raises(lw.InputError, match="a rule says 'c', which is none of the classes"):
        lw.aggregate_rules({"r": ["a", "c"]}, classes=["a", "b"])
    with pytest.raises(lw.InputError, match="no rule fires"):
        lw.aggregate_rules({"r": [None, None]}, classes=["a", "b"])
