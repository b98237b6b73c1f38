"""Tables as features of `find_label_errors`: pandas, Arrow, dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import labelworks as lw

ROWS = 600
RNG = np.random.default_rng(0)
CITIES = np.array(["Rome", "Oslo", "Lima"])[RNG.integers(0, 3, ROWS)]
AGES = RNG.integers(18, 80, ROWS).astype(float)
TRUE = np.where((AGES > 50) ^ (CITIES == "Oslo"), "yes", "no")
WRONG = RNG.random(ROWS) < 0.08
GIVEN = np.where(WRONG, np.where(TRUE == "yes", "no", "yes"), TRUE)
AGES[::40] = np.nan
FRAME = pd.DataFrame({"age": AGES, "city": CITIES}, index=[f"r{row}" for row in range(ROWS)])


@pytest.mark.parametrize(
    "table", [FRAME, pa.Table.from_pandas(FRAME, preserve_index=False), {"age": AGES, "city": CITIES}],
    ids=["pandas", "arrow", "dict"],
)  # fmt: skip
def test_a_table_of_any_columns_is_judged(table: Any) -> None:
    found = lw.find_label_errors(GIVEN, features=table)
    order = np.argsort(-found.error_probability)
    assert WRONG[order[: WRONG.sum()]].mean() > 0.7
    np.testing.assert_array_equal(
        found.error_probability, lw.find_label_errors(GIVEN, features=FRAME).error_probability
    )


def test_the_index_of_the_labels_is_held_against_that_of_the_table() -> None:
    labels = pd.Series(GIVEN, FRAME.index)
    assert lw.find_label_errors(labels, features=FRAME).issues.index.isin(FRAME.index).all()
    with pytest.raises(lw.InputError, match="index"):
        lw.find_label_errors(labels, features=FRAME.iloc[::-1])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"tags": [["a"]] * ROWS}, "column 'tags' of features is list"),
        ({"age": [np.inf, *AGES[1:]]}, "row 0: column 'age' is 'inf', no finite number"),
        ({"old": ["no number", *map(str, range(ROWS - 1))]}, "row 0: column 'old' is 'no number'"),
    ],
)
def test_what_can_t_be_a_feature_is_refused(change: dict[str, Any], what: str) -> None:
    with pytest.raises(lw.InputError, match=what):
        lw.find_label_errors(GIVEN, features=FRAME.assign(**change))
