"""What rules look for: patterns by RE2, conditions by DuckDB, functions of plug-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.rules.rule import Rule, evaluate
from labelworks.tasks.methods.rules.where import read_condition

ROWS = pa.table(
    {
        "text": ["Win MONEY now", "see you", None, "money back"],
        "amount": [10.0, None, 250.0, 99.5],
        "typed": ["1", "x", "3", None],
    }
)
CLASSES = ("ham", "spam")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    registry.forget("this test")


def test_a_pattern_fires_on_texts_that_hold_it() -> None:
    """Null abstains, and that is no failure."""
    votes = evaluate(ROWS, [Rule.matching("m", "spam", "text", r"\bmoney\b")], CLASSES)
    assert votes.codes[:, 0].tolist() == [1, -1, -1, 1]
    assert votes.failed.tolist() == [0]
    told = Rule.matching("m", "spam", "text", "money", ignore_case=False)
    assert evaluate(ROWS, [told], CLASSES).codes[:, 0].tolist() == [-1, -1, -1, 1]


@given(st.lists(st.text("abc ", max_size=8), max_size=6), st.sampled_from(["a+b", "^c", "b|cc", "[ab]{2}$"]))
def test_patterns_are_those_of_re(texts: list[str], pattern: str) -> None:
    """As far as both know them."""
    table = pa.table({"text": pa.array(texts, pa.string())})
    votes = evaluate(table, [Rule.matching("m", "spam", "text", pattern)], CLASSES)
    assert (votes.codes[:, 0] == 1).tolist() == [bool(re.search(pattern, text)) for text in texts]


def test_a_pattern_that_would_backtrack_for_ever_is_read_once() -> None:
    """With backtracking this takes longer than the world has been."""
    table = pa.table({"text": ["a" * 5000 + "!"]})
    assert evaluate(table, [Rule.matching("m", "spam", "text", "^(a+)+$")], CLASSES).codes.tolist() == [[-1]]


@pytest.mark.parametrize(
    ("condition", "fires"),
    [
        ("amount > 50", [False, False, True, True]),
        ("text ILIKE '%money%' AND amount < 50", [True, False, False, False]),
        ("amount IS NULL OR typed = '1'", [True, True, False, False]),
        ("regexp_matches(text, '^see')", [False, True, False, False]),
        ("AMOUNT between 90 and 100 -- said so", [False, False, False, True]),
    ],
)
def test_a_condition_fires_where_it_is_true(condition: str, fires: list[bool]) -> None:
    """Unknown, as a comparison with null, is not true."""
    votes = evaluate(ROWS, [Rule.on_condition("c", "ham", condition)], CLASSES)
    assert (votes.codes[:, 0] == 0).tolist() == fires
    assert votes.failed.tolist() == [0]


def test_rows_on_which_a_condition_fails_abstain_and_are_counted() -> None:
    """A text that is no number: the others are looked at all the same."""
    votes = evaluate(ROWS, [Rule.on_condition("c", "spam", "cast(typed as int) > 2")], CLASSES)
    assert votes.codes[:, 0].tolist() == [-1, -1, 1, -1]
    assert votes.failed.tolist() == [1]


def test_what_could_not_be_read_abstains_and_is_counted() -> None:
    """Of the rules that read that column."""
    rules = [Rule.matching("m", "spam", "text", "."), Rule.on_condition("c", "ham", "amount > 0")]
    votes = evaluate(ROWS, rules, CLASSES, {"text": pa.array([False, False, True, False])})
    assert votes.failed.tolist() == [1, 0]
    assert votes.codes[2].tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("amount >", "no condition of SQL"),
        ("1 = 1) or (2 = 2", "no condition of SQL"),
        ("amount > 1; drop table rows", "no condition of SQL"),
        ("1) from rows where (true", "no condition of SQL"),
        ("amount > (select 1)", "this holds a query"),
        ("row_number() over () > 1", "this holds a window function"),
        ("count(*) > 1", "count_star is no function of one row|count is no function of one row"),
        ("random() > 0.5", "random gives another value every time"),
        ("now() > '2026-01-01'", "now gives another value every time"),
    ],
)
def test_what_is_no_condition_on_one_row_is_refused(condition: str, says: str) -> None:
    """Before any row is read."""
    with pytest.raises(ConfigError, match=says):
        read_condition(condition)


def test_a_condition_says_which_columns_it_reads() -> None:
    """Each once."""
    assert read_condition("a > 1 and lower(b) = 'x' or a < -1") == ("a", "b")


def test_a_pattern_that_is_none_is_refused() -> None:
    """With what RE2 says of it, and where its syntax is."""
    with pytest.raises(ConfigError, match=r"no regular expression: .*missing \)") as caught:
        Rule.matching("m", "spam", "text", "(a")
    assert "RE2" in caught.value.fix
    with pytest.raises(ConfigError, match="no regular expression"):
        Rule.matching("m", "spam", "text", "(?=a)b")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Rule.on_condition("c", "spam", "size > 1"), "rule 'c': there is no column 'size'"),
        (Rule.matching("m", "spam", "body", "a"), "rule 'm': there is no column 'body'"),
        (Rule.on_condition("t", "spam", "year(amount) > 3"), "rule 't': not on these columns"),
        (Rule("f", "nothing", "spam"), "rule 'f': unknown rules method 'nothing'"),
    ],
)
def test_a_rule_that_does_not_go_with_the_columns_is_named(rule: Rule, says: str) -> None:
    """An empty table is enough to tell."""
    with pytest.raises(ConfigError, match=says):
        evaluate(ROWS.slice(0, 0), [rule], CLASSES)


def test_a_function_of_a_plug_in_names_classes() -> None:
    """Or fires; a class that there isn't abstains and is counted; one that raises is named."""

    @registry.register("rules", "by-length", source="this test")
    def by_length(table: pa.Table, *, longest: int = 8) -> pa.Array:
        """Short texts are ham."""
        lengths = [None if each is None else len(each) for each in table["text"].to_pylist()]
        return pa.array([length and ("ham" if length < longest else "long") for length in lengths])

    @registry.register("rules", "broken", source="this test")
    def broken(table: pa.Table) -> pa.Array:
        """Raise."""
        raise ZeroDivisionError("no")

    votes = evaluate(ROWS, [Rule("f", "by-length", None, ("text",))], CLASSES)
    assert votes.codes[:, 0].tolist() == [-1, 0, -1, -1]
    assert votes.failed.tolist() == [2]
    with pytest.raises(InputError, match="rule 'b': ZeroDivisionError: no"):
        evaluate(ROWS, [Rule("b", "broken", "ham", ("text",))], CLASSES)


def test_classes_may_be_numbers() -> None:
    """Codes are those of the classes as they are listed."""
    votes = evaluate(ROWS, [Rule.matching("m", 7, "text", "see")], (3, 7))
    assert votes.codes[:, 0].tolist() == [-1, 1, -1, -1]
    assert votes.codes.dtype == np.int32
