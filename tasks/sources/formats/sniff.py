"""How a CSV file is written, by its first bytes: encoding and delimiter, and what is in doubt about them."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass

from labelworks.tasks.sources.values.text import decodes

HEAD = 1 << 18  # bytes looked at
LINES = 200
DELIMITERS = (",", ";", "\t", "|")
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
UNDEFINED = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))  # in cp1252
LINE = 40  # characters of a line shown
AROUND = 12  # characters shown on each side of one that isn't ASCII


@dataclass(frozen=True)
class Dialect:
    """How CSV is written; doubt: what speaks against it (empty: nothing)."""

    delimiter: str = ","
    encoding: str = "utf-8"
    doubt: str = ""


COMMON = Dialect()


def sniff(head: bytes) -> Dialect:
    """The dialect of a CSV file by its first HEAD bytes, unpacked."""
    encoding = _encoding(head)
    text = head.decode(encoding, errors="replace")
    doubts = [_strange(text, encoding)] if encoding in ("cp1252", "latin-1") else []
    rows = {delimiter: _widths(text, delimiter, whole=len(head) < HEAD) for delimiter in DELIMITERS}
    fitting = {dialect: widths for dialect, widths in rows.items() if _steady(widths)}
    best = max(fitting, key=lambda each: fitting[each][0], default=",")
    rivals = [dialect for dialect in fitting if dialect != best]
    if rivals:
        doubts.append(f"columns could also be cut at {' or '.join(map(repr, rivals))}")
    if no_header(first := text.removeprefix("\ufeff").split("\n")[0].strip()):
        doubts.append(f"its first line, {first[:LINE]!r}, names no columns: remove it")
    elif _nameless(text, best):
        doubts.append("its first line looks like data, and is taken for the names of the columns")
    return Dialect(best, encoding, "; ".join(doubts))


def no_header(first: str) -> bool:
    """Whether the first line of a file is one that spreadsheets and programs write above the header."""
    return first.strip('"').lower().startswith(("sep=", "# "))


def _encoding(head: bytes) -> str:
    for mark, name in MARKS.items():
        if head.startswith(mark):
            return name
    zeros = Counter(place % 2 for place, byte in enumerate(head[:4096]) if byte == 0)
    if zeros.total() > len(head[:4096]) / 5:  # Latin text in two bytes a character
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    if _mostly_utf8(head):
        return "utf-8"
    return "latin-1" if UNDEFINED & set(head) else "cp1252"


def _mostly_utf8(head: bytes) -> bool:
    """Whether lines with other bytes than ASCII's are UTF-8, but for a few."""
    lines = head.split(b"\n")
    held = [line for line in (lines if len(head) < HEAD else lines[:-1]) if not line.isascii()]
    return sum(decodes(line) for line in held) * 2 >= len(held)


def _widths(text: str, delimiter: str, *, whole: bool) -> list[int]:
    """Columns of the first rows, cut at a delimiter."""
    rows = _rows(text, delimiter)
    return [len(row) for row in (rows if whole or len(rows) == LINES else rows[:-1])]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) == LINES:
                break
    except csv.Error:  # a field that is longer than the module takes
        pass
    return rows


def _steady(widths: list[int]) -> bool:
    """Whether a header names several columns, and nearly all rows have as many."""
    return bool(widths) and widths[0] > 1 and widths.count(widths[0]) >= 0.9 * len(widths)


def _nameless(text: str, delimiter: str) -> bool:
    """Whether the first row has a number, or nothing, where a name should be, or a value of its column."""
    first, *rows = _rows(text, delimiter) or [[]]
    names = [name.strip() for name in first[1:] or first]  # the first is empty where pandas wrote its index
    while names and not names[-1]:  # each line ends in a delimiter
        names.pop()
    figures = [name for name in names if name.isdigit()]
    if any(_is_number(name) or not name for name in names) or len(set(figures)) < len(figures):
        return True
    return any(name and name in row[place : place + 1] for row in rows for place, name in enumerate(first))


def _is_number(name: str) -> bool:
    """A decimal; whole numbers are names that pandas gives to columns."""
    return "." in name and name.lstrip("+-").replace(".", "", 1).isdigit()


def _strange(text: str, encoding: str) -> str:
    """A piece of text by which a person sees whether the encoding is right."""
    place = next((place for place, char in enumerate(text) if not char.isascii()), 0)
    line = text[max(0, place - AROUND) : place + AROUND].replace("\n", " ").strip()
    return f"it isn't UTF-8; by {encoding} it reads {line!r}: set the encoding if that is wrong"
