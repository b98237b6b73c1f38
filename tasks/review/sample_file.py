"""The file of a sample, which people fill in: CSV for a spreadsheet, or Parquet; written and read."""

from __future__ import annotations

import csv
import io
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions.checked import GivenAnswer
from labelworks.tasks.storage.store import Store

FOR_PEOPLE = ("id", "shown", "given", "suggestion", "probabilities", "answer", "annotator")
BEHIND = ("dataset", "run", "sample", "stratum", "stratum_rows", "probability", "content")
LATER = "stratum_likely"  # which files of older versions don't have
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'")  # how a cell begins that a spreadsheet would work out
HEX = "x"  # begins a content's hash: no spreadsheet takes it for a number


def write_sample(sample: ReviewQueue, place: str) -> None:
    """Write rows with an empty answer to a .csv or .parquet file. ConfigError for any other ending."""
    names = [*FOR_PEOPLE, *BEHIND, LATER]
    texts = [_cells(row, sample) for row in sample.rows]
    store, name = _opened(place)
    if name.endswith(".parquet"):
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(texts, pa.schema([(name, pa.string()) for name in names])), sink)
        store.write(name, sink.getvalue())
        return
    written = io.StringIO()
    writer = csv.DictWriter(written, names)
    writer.writeheader()
    writer.writerows({key: inert(value) for key, value in row.items()} for row in texts)
    store.write(name, written.getvalue().encode("utf-8"))


def read_answers(place: str, annotator: str) -> list[GivenAnswer]:
    """The answers in a file that `write_sample` wrote; annotator: who answered, where a row doesn't say.

    Raises InputError where the file has other columns.
    """
    rows, where = _rows(place)
    lacking = [name for name in ("id", "answer", *BEHIND) if rows and name not in rows[0]]
    if lacking:
        raise InputError(
            f"no column {lacking[0]!r}", where=where, fix="give a file that `labelworks audit sample` wrote"
        )
    return [
        GivenAnswer(number, row["id"], row["answer"] or "", _facts(row, annotator), row["dataset"] or "")
        for number, row in enumerate(rows, 1)
    ]


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `meant` reads it back."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def meant(text: str) -> str:
    """The text that `inert` wrote."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULAS) else text


def _facts(row: dict[str, str], annotator: str) -> dict[str, Any]:
    """The fields of a decision that a row of the file says; as text where they have to be checked."""
    return {
        "annotator": row.get("annotator") or annotator,
        "run": row["run"],
        "sample": row["sample"],
        "stratum": row["stratum"],
        "stratum_rows": row["stratum_rows"],
        "probability": row["probability"],
        LATER: row.get(LATER) or None,
        "content": _content(row["content"]),
        "given": row.get("given"),
        "suggestion": row.get("suggestion") or None,
        "why": "audit",
    }


def _content(text: str) -> int:
    """A content's hash; of a cell that was overwritten one that no row has."""
    try:
        return int((text or "").removeprefix(HEX), 16)
    except ValueError:
        return -1


def _cells(row: ReviewRow, sample: ReviewQueue) -> dict[str, str]:
    """The cells of a row; empty where there is nothing to say."""
    known: dict[str, Any] = {
        **row.model_dump(),
        "probabilities": ", ".join(f"{name} {value:.2f}" for name, value in row.probabilities),
        "content": f"{HEX}{row.content:016x}",
        "dataset": sample.dataset,
        "run": sample.run,
    }
    values = {name: known.get(name) for name in (*FOR_PEOPLE, *BEHIND, LATER)}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _rows(place: str) -> tuple[list[dict[str, str]], str]:
    store, name = _opened(place)
    data, where = store.read(name), store.url(name)
    if name.endswith(".parquet"):
        try:
            found: list[dict[str, str]] = pq.read_table(io.BytesIO(data)).to_pylist()
        except pa.ArrowException as error:
            raise InputError(f"no parquet file ({error})", where=where) from error
        return found, where
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not encoded as UTF-8", where=where, fix="save it as CSV UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # as spreadsheets of other languages save it
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [{key: meant(value or "") for key, value in row.items() if key} for row in reader], where
    except csv.Error as error:  # such as a text that is longer than a cell may be
        fix = "take a .parquet file: `labelworks audit sample --to audit.parquet`"
        raise InputError(f"can't be read as CSV ({error})", where=where, fix=fix) from error


def _opened(place: str) -> tuple[Store, str]:
    """The folder of a file, and its name there."""
    folder, _, name = place.rpartition("/")
    if PurePosixPath(name).suffix not in (".csv", ".parquet"):
        raise ConfigError(f"{name!r} is neither .csv nor .parquet", where="FILE", fix="name it answers.csv")
    return Store(folder or "/"), name
