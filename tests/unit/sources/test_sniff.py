"""How CSV is written, by its first bytes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.sources.formats.sniff import DELIMITERS, sniff
from labelworks.tasks.sources.guess.names import words

TEXT = "id;text;label\n" + "1;Die Straße, ist größer;schön\n2;Ärger;übel\n" * 20


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32"), ("cp1252", "cp1252"),
    ],
)  # fmt: skip
def test_encoding_and_delimiter_are_told_by_the_bytes(encoding: str, found: str) -> None:
    dialect = sniff(TEXT.encode(encoding))
    assert (dialect.delimiter, dialect.encoding) == (";", found)
    assert bool(dialect.doubt) == (found == "cp1252")


def test_one_bad_cell_does_not_change_the_encoding_of_the_others() -> None:
    assert sniff("a,b\n1,ä\n2,ü\n".encode() + b"3,\xff\n").encoding == "utf-8"


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ('text,y\n"a;b\nc;d",1\n"e;f",2\n', ","),
        ("text\nhello, you\n", ","),
        ("", ","),
        ("a|b|c\n1|2|3\n", "|"),
        ("a,b\tc\n1\t2\n", "\t"),
    ],
)
def test_the_delimiter_cuts_all_rows_into_as_many_columns(head: str, delimiter: str) -> None:
    assert sniff(head.encode()).delimiter == delimiter


@pytest.mark.parametrize(
    ("first", "doubted"),
    [
        ("a,b", False),
        (",text,label", False),
        ("0.5,1.25", True),
        ("5,0,0,0", True),
        ("0,1,2,3", False),
        ("id,label,", False),
        ("id,y,y", False),
        ("id,,label", True),
    ],
)
def test_a_first_line_that_looks_like_data_is_doubted(first: str, doubted: bool) -> None:
    rows = "\n".join(",".join("x" * len(first.split(","))) for _ in range(3))
    assert ("looks like data" in sniff(f"{first}\n{rows}\n".encode()).doubt) == doubted


cells = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=8
)


@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=2, max_size=8),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_no_table_with_names_is_cut_otherwise(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["one", "two", "three"], *rows])
    dialect = sniff(sink.getvalue().encode(encoding))
    assert (dialect.delimiter, dialect.encoding) == (delimiter, encoding)


def test_names_are_made_of_words() -> None:
    for name in ("ticketNo", "ticket_no", "Ticket No.", "ticket-NO"):
        assert words(name) == ("ticket", "no")
    assert words("x12_Größe") == ("x12", "größe") or words("x12_Größe") == ("x", "12", "größe")


def test_a_first_line_whose_values_come_again_looks_like_data() -> None:
    assert "looks like data" in sniff(b"r1,ant\nr2,bee\nr3,ant\n").doubt
    assert not sniff(b"id,ant\nr2,bee\nr3,cow\n").doubt


@pytest.mark.parametrize("first", ["sep=;", '"sep=,"', "# made by a program"])
def test_a_line_above_the_header_is_known(first: str) -> None:
    assert "names no columns: remove it" in sniff(f"\ufeff{first}\nid,label\n1,a\n".encode()).doubt
