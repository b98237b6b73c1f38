"""Shares as percentages: written in one way."""

import re
from pathlib import Path

import labelworks
from labelworks.schemas.percentages import percent, unbroken

HOUSE = Path(labelworks.__file__).parent
BY_HAND = re.compile(r":\.\d%\}")


def test_a_gap_stands_before_the_sign() -> None:
    assert (percent(0.281), percent(0.95, 0), percent(None)) == ("28.1 %", "95 %", "–")


def test_on_a_page_no_line_breaks_before_the_sign() -> None:
    assert unbroken("28.1 % (95 % interval)").split(" ") == [
        "28.1\N{NO-BREAK SPACE}%",
        "(95\N{NO-BREAK SPACE}%",
        "interval)",
    ]


def test_no_percentage_is_written_by_hand() -> None:
    files = [file for part in HOUSE.iterdir() if part.is_dir() for file in part.rglob("*.py")]
    assert len(files) > 500
    assert [file.name for file in files if BY_HAND.search(file.read_text(encoding="utf-8"))] == []
