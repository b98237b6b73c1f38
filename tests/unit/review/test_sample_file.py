"""The file of a sample: it comes back as it went, whatever is in it and however a spreadsheet saved it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.review.sample_file import inert, meant, read_answers, write_sample

HOSTILE = [
    "=cmd()",
    "+1",
    "-2",
    "@a",
    "\u202edlrow",
    "<script>alert(1)</script>",
    'a"b,c;d\ne',
    "'quoted",
    "",
]


def sample(texts: Sequence[str] = HOSTILE, shown: str | None = None) -> ReviewQueue:
    """Rows whose every text is hostile."""
    rows = tuple(
        ReviewRow(
            id=text, content=number, partition="p", row=number - 2**63, shown=shown or text, given=text,
            why="audit", sample="strata-1-0", stratum=1, stratum_rows=9, probability=1 / 3,
            stratum_likely=0.25,
        )
        for number, text in enumerate(texts, 2**63)
    )  # fmt: skip
    return ReviewQueue(dataset="made", run="r", label="class", classes=(), kind="text", rows=rows)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_rows_come_back_as_they_went(tmp_path: Path, name: str) -> None:
    write_sample(sample(), str(tmp_path / name))
    found = read_answers(str(tmp_path / name), "ann")
    assert [each.id for each in found] == HOSTILE
    assert {each.answer for each in found} == {""}
    assert [each.facts["content"] for each in found] == [row.content for row in sample().rows]
    assert {float(each.facts["probability"]) for each in found} == {1 / 3}
    assert {float(each.facts["stratum_likely"]) for each in found} == {0.25}
    assert {(each.facts["why"], each.facts["annotator"], each.dataset) for each in found} == {
        ("audit", "ann", "made")
    }


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    write_sample(sample(), str(tmp_path / "a.csv"))
    with (tmp_path / "a.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_file_of_an_older_version_is_read(tmp_path: Path) -> None:
    write_sample(sample(HOSTILE[:1]), str(tmp_path / "a.parquet"))
    older = pq.read_table(tmp_path / "a.parquet").drop_columns(["stratum_likely"])
    pq.write_table(older, tmp_path / "b.parquet")
    (found,) = read_answers(str(tmp_path / "b.parquet"), "ann")
    assert found.facts["stratum_likely"] is None


@given(st.text())
def test_any_text_is_read_as_it_was_meant(text: str) -> None:
    assert meant(inert(text)) == text


def test_as_spreadsheets_save_it(tmp_path: Path) -> None:
    write_sample(sample(HOSTILE[:1]), str(tmp_path / "a.csv"))
    with (tmp_path / "a.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    table[0] |= {"answer": "cat", "annotator": "bob", "content": "1.2E+19"}
    with (tmp_path / "b.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, table[0], delimiter=";")
        writer.writeheader()
        writer.writerows(table)
    (found,) = read_answers(str(tmp_path / "b.csv"), "ann")
    assert (found.id, found.answer, found.facts["annotator"]) == ("=cmd()", "cat", "bob")
    assert found.facts["content"] == -1  # overwritten: no row has it


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither"):
        write_sample(sample(), str(tmp_path / "a.xlsx"))
    (tmp_path / "other.csv").write_text("id,label\na,b\n")
    with pytest.raises(InputError, match="no column 'answer'"):
        read_answers(str(tmp_path / "other.csv"), "ann")
    (tmp_path / "latin.csv").write_bytes(b"id\n\xe9\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_answers(str(tmp_path / "latin.csv"), "ann")
    write_sample(sample(HOSTILE[:1], "long " * 50_000), str(tmp_path / "long.csv"))
    with pytest.raises(InputError, match="field larger than") as refused:
        read_answers(str(tmp_path / "long.csv"), "ann")
    assert ".parquet" in refused.value.fix
    (tmp_path / "no.parquet").write_bytes(b"no")
    with pytest.raises(InputError, match="no parquet file"):
        read_answers(str(tmp_path / "no.parquet"), "ann")
