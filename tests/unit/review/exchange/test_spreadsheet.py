"""Cells of a spreadsheet: none is worked out, all are read as they were meant, however it was saved."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.errors import InputError
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.review.exchange import spreadsheet
from labelworks.tasks.review.exchange.carried import given_answers
from labelworks.tasks.review.exchange.spreadsheet import inert, meant

FORMULAS = ["=cmd()", "+1", "-2", "@a", "'quoted", "\tx"]


def queue(texts: list[str]) -> ReviewQueue:
    rows = tuple(
        ReviewRow(id=text, content=2**63, partition="p", row=0, shown=text, given=text) for text in texts
    )
    return ReviewQueue(dataset="made", run="r", label="class", classes=(), kind="text", rows=rows)


def test_no_cell_is_a_formula() -> None:
    text = spreadsheet.write(queue(FORMULAS), {})[""].decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [row["id"] for row in spreadsheet.read(text, "a.csv")] == FORMULAS


@given(st.text())
def test_any_text_is_read_as_it_was_meant(text: str) -> None:
    assert meant(inert(text)) == text


def test_a_hash_that_a_spreadsheet_worked_out_is_that_of_no_row() -> None:
    text = spreadsheet.write(queue(FORMULAS[:1]), {})[""].decode()
    (row,) = spreadsheet.read(text, "a.csv")
    assert given_answers([row], "ann")[0].facts["content"] == 2**63
    row["content"] = "9.2E+18"
    assert given_answers([row], "ann")[0].facts["content"] == -1


def test_a_table_without_what_stands_behind_the_answers_is_refused() -> None:
    with pytest.raises(InputError, match="no column 'answer'") as refused:
        spreadsheet.read("id,label\na,b\n", "a.csv")
    assert "review export" in refused.value.fix
    assert csv.field_size_limit() == 131072  # as it is for everybody else
