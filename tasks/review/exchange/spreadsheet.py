"""A queue as CSV, for a spreadsheet: a row a line, an empty cell for the answer."""

from __future__ import annotations

import csv
import io
from typing import Any

from labelworks.schemas.errors import InputError
from labelworks.schemas.review import ReviewQueue
from labelworks.tasks.review.exchange.carried import Pictures
from labelworks.tasks.review.exchange.table import COLUMNS, LACKING, NEEDED, texts

ENDING = ".csv"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'")  # how a cell begins that a spreadsheet would work out


def write(queue: ReviewQueue, pictures: Pictures) -> dict[str, bytes]:
    """The table, with no cell that a spreadsheet would work out."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    writer.writerows({name: inert(text) for name, text in row.items()} for row in texts(queue))
    return {"": written.getvalue().encode("utf-8")}


def read(text: str, where: str) -> list[dict[str, Any]]:
    """Its rows, as a spreadsheet of any language saves it."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    before = csv.field_size_limit(len(text) + 1)  # a text may be longer than a cell usually is
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [{name: meant(cell or "") for name, cell in row.items() if name} for row in reader]
    except csv.Error as error:
        raise InputError(
            f"can't be read as CSV ({error})", where=where, fix="save it as CSV UTF-8"
        ) from error
    finally:
        csv.field_size_limit(before)
    lacking = next((name for name in NEEDED if name not in (reader.fieldnames or ())), None)
    if lacking:
        raise InputError(f"no column {lacking!r}", where=where, fix=LACKING)
    return rows


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `meant` reads it back."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def meant(text: str) -> str:
    """The text that `inert` wrote."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULAS) else text
