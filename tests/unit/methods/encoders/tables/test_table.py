"""Columns of a table as vectors and cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.encoders.base import Encoded
from labelworks.tasks.methods.encoders.tables.table import TableEncoder, kind_of
from labelworks.tasks.methods.statistics.packed_cells import pack_cells, unpack_cells

ROWS = 200
RNG = np.random.default_rng(0)
CITIES = np.array(["Rome", "Oslo", "Lima"])[RNG.integers(0, 3, ROWS)].tolist()
TITLES = [
    " ".join(RNG.choice(["senior", "nurse", "cook", "clerk", "head", "of"], 3)) + f" {n}" for n in range(ROWS)
]


def rows(**columns: Any) -> pa.Array:
    return pa.StructArray.from_arrays([pa.array(each) for each in columns.values()], names=list(columns))


def fitted(values: pa.Array) -> TableEncoder:
    encoder = TableEncoder()
    encoder.load(base.unpack(base.pack(encoder.fit(values))))
    return encoder


def cells(encoded: Encoded) -> tuple[Any, Any]:
    assert encoded.cells is not None
    return unpack_cells(encoded.cells)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([1.5, None, 2]), "number"),
        (pa.array([True, False]), "number"),
        (pa.array(["1", "2", "?", "3"]), "number"),
        (pa.array(["2024-01-01", None, "2024-01-02"]), "moment"),
        (pa.array([0, 1], pa.timestamp("s")), "moment"),
        (pa.array(CITIES), "category"),
        (pa.array(TITLES), "text"),
        (pa.array(["1"] * 9 + ["one"]), "category"),
        (pa.nulls(4), "category"),
        (pa.nulls(4, pa.string()), "category"),
    ],
)
def test_what_a_column_is(values: pa.Array, kind: str) -> None:
    assert kind_of(values) == kind


def test_a_number_is_in_units_of_the_spread_of_the_middle_half_and_far_ones_are_drawn_near() -> None:
    normal = RNG.normal(30, 5, 5000)
    encoder = fitted(rows(x=normal))
    found = encoder.encode(rows(x=[30.0, 35.0, 25.0, 1e9])).vectors
    assert found.shape == (4, 1)
    np.testing.assert_allclose(found[:3, 0], [0, 1, -1], atol=0.1)
    assert found[3, 0] == pytest.approx(4, abs=1e-3)
    seen, categorical = cells(encoder.encode(rows(x=[30.0, 1e9])))
    assert seen[1, 0] > 1e8  # trees go by the order: it isn't drawn near for them
    assert not categorical.any()


def test_what_is_missing_is_zero_and_said_in_a_dimension() -> None:
    encoder = fitted(rows(x=[*range(ROWS - 1), None], c=[None, *CITIES[1:]]))
    found = encoder.encode(rows(x=[None, 5], c=["Rome", None])).vectors
    assert found.shape == (2, 2 + 4)
    assert found[0].tolist()[:2] == [0, 1]
    assert found[1].tolist()[2:] == [0, 0, 0, 1]
    seen, _ = cells(encoder.encode(rows(x=[None, 5], c=["Rome", None])))
    assert np.isnan(seen).tolist() == [[True, False], [False, True]]


def test_a_category_has_a_dimension_and_those_never_seen_share_one() -> None:
    encoder = fitted(rows(c=[*CITIES, "Bonn"]))  # once: too rare for a dimension of its own
    found = encoder.encode(rows(c=["Rome", "Oslo", "Lima", "Bonn", "Paris"])).vectors
    assert (found.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(found[3], found[4])
    assert len(np.unique(found, axis=0)) == 4
    codes, categorical = cells(encoder.encode(rows(c=["Bonn", "Paris", "Rome"])))
    assert codes[0] == codes[1] != codes[2]
    assert categorical.all()
    without = fitted(rows(c=CITIES)).encode(rows(c=["Paris"]))
    assert without.reasons == [None]
    assert not without.vectors.any()


def test_a_date_is_how_late_it_is_and_where_in_its_cycles() -> None:
    days = np.datetime64("2024-01-01") + np.arange(730)
    encoder = fitted(rows(d=days))
    monday, week, year = "2024-03-04", "2024-03-11", "2025-03-04"
    found = encoder.encode(rows(d=[monday, week, year])).vectors
    assert found.shape[1] == 1 + 2 * 2  # no time of day: all are at midnight
    seen, _ = cells(encoder.encode(rows(d=[monday, week, year])))
    assert seen[0, 0] < seen[1, 0] < seen[2, 0]
    assert seen[0, 2] == seen[1, 2]  # of the week
    assert seen[0, 1] == pytest.approx(seen[2, 1], abs=0.01)  # of the year


def test_texts_are_near_by_their_words() -> None:
    encoder = fitted(rows(t=TITLES))
    one, same, other = encoder.encode(rows(t=["senior nurse", "nurse senior", "head cook"])).vectors
    np.testing.assert_allclose(one, same, atol=1e-6)
    assert one @ other < 0.5


def test_a_value_that_its_column_can_t_have_is_a_reason() -> None:
    encoder = fitted(rows(age=[str(n) for n in range(ROWS)], hired=["2024-01-01"] * ROWS, c=CITIES))
    found = encoder.encode(
        rows(
            age=["30", "thirty", "inf", None],
            hired=[None, "2024-01-01", "2024-01-01", None],
            c=["Rome"] * 3 + [None],
        )
    )
    assert found.reasons == [
        None,
        "column 'age' is 'thirty', no finite number",
        "column 'age' is 'inf', no finite number",
        "null in all columns of the features",
    ]
    assert not found.vectors[1:].any()


def test_columns_that_say_nothing_take_no_place() -> None:
    found = fitted(rows(one=[1] * ROWS, x=range(ROWS))).encode(rows(one=[1, 2], x=[3, 4]))
    assert found.vectors.shape == (2, 1)


def test_many_columns_share_the_dimensions() -> None:
    table = {f"t{n}": TITLES for n in range(64)}
    encoder = TableEncoder(dims=512)
    encoder.load(encoder.fit(rows(**table)))
    assert encoder.encode(rows(**table)).vectors.shape[1] <= 512


def test_cells_come_back_as_they_were() -> None:
    numbers = np.array([[1.5, np.nan], [-2e9, 0]], np.float32)
    codes = np.array([[3], [-1]])
    seen, categorical = unpack_cells(pack_cells(numbers, codes))
    np.testing.assert_array_equal(seen, [[1.5, np.nan, 3], [-2e9, 0, np.nan]])
    assert categorical.tolist() == [False, False, True]
    assert unpack_cells(pack_cells(numbers[:0], codes[:0]))[0].shape == (0, 3)
