"""CoNLL: a token a line, its columns parted by tabs or blanks, an empty line behind each sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from labelworks.tasks.sources.formats.base import UNUSABLE, FileSummary, ReadAs, UnreadableError
from labelworks.tasks.sources.formats.packed import WIDE, unpacked

LISTS = pa.list_(pa.string())
TOKENS, TAGS = "tokens", "tags"  # the first column of a line, and its last
DOCUMENT = "-DOCSTART-"
LOOKED_AT = 100  # sentences, of which most say how many columns there are
LONGEST = 1 << 20  # bytes of a line
BLANKS = re.compile("[ \t]+")
Sentence = list[tuple[int, bytes]]  # its lines, and the number of each in the file


class Conll:
    """Sentences as lists by column: `column_1` … by its place, the first also `tokens`, the last `tags`.

    A line that begins with # before a sentence is a comment, unless it has as many columns as the others.
    """

    suffixes = ("conll", "conll.txt", "conll.gz", "conllu", "iob", "iob2", "bio")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Count the columns of the first sentences."""
        return FileSummary(pa.schema([pa.field(column, LISTS) for column in _places(_width(file, name))]))

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the sentences; one with a line of other columns is there with nulls and the reason."""
        width = _width(file, name)
        places, held = _places(width), _sentences(unpacked(file, name), width)
        if columns is not None:
            places = {name: place for name, place in places.items() if name in columns}
        while some := list(islice(held, rows)):
            yield _batch(some, places, width)


def _places(width: int) -> dict[str, int]:
    """The columns, and the place of each in a line."""
    return {TOKENS: 0, TAGS: width - 1, **{f"column_{place + 1}": place for place in range(width)}}


def _width(file: Any, name: str) -> int:
    """How many columns most lines of the first sentences have."""
    stream = unpacked(file, name)
    widths = [
        len(_cells(line)) for sentence in islice(_sentences(stream, 0), LOOKED_AT) for _, line in sentence
    ]
    if not widths:
        return 2
    width = max(sorted(set(widths)), key=widths.count)
    if width < 2:
        raise UnreadableError(
            "its lines have one column, where CoNLL has a token and its tag",
            "write token and tag parted by a tab or a blank, an empty line behind each sentence",
        )
    return width


def _sentences(stream: Any, width: int) -> Iterator[Sentence]:
    """The sentences of a file, without comments and marks of documents; width: 0 while it isn't known."""
    sentence: Sentence = []
    for number, line in enumerate(_lines(stream), start=1):
        if not line.strip():
            if sentence:
                yield sentence
            sentence = []
        elif line.startswith(DOCUMENT.encode()) or (not sentence and _is_comment(line, width)):
            continue
        else:
            sentence.append((number, line))
    if sentence:
        yield sentence


def _lines(stream: Any) -> Iterator[bytes]:
    first = True
    while line := stream.readline(LONGEST + 1):
        if first and line.startswith(WIDE):
            raise UnreadableError("it is UTF-16", "write it as UTF-8")
        if len(line) > LONGEST:
            raise UnreadableError(f"a line is longer than {LONGEST >> 20} MB", "write one token a line")
        yield line.removeprefix(b"\xef\xbb\xbf") if first else line
        first = False


def _is_comment(line: bytes, width: int) -> bool:
    if not line.startswith(b"#"):
        return False
    cells = _cells(line)
    return len(cells) != width if width else len(cells) != 2 or cells[0] != "#"


def _cells(line: bytes) -> list[str]:
    text = line.decode("utf-8", "replace").strip("\r\n")
    return text.strip(" ").split("\t") if "\t" in text else BLANKS.split(text.strip(" "))


def _batch(sentences: Sequence[Sentence], places: Mapping[str, int], width: int) -> pa.RecordBatch:
    lists: dict[int, list[list[str] | None]] = {place: [] for place in places.values()}
    reasons = []
    for sentence in sentences:
        rows = [_cells(line) for _, line in sentence]
        reasons.append(_wrong(sentence, rows, width))
        for place, column in lists.items():
            column.append(None if reasons[-1] else [row[place] for row in rows])
    arrays = {place: pa.array(column, LISTS) for place, column in lists.items()}
    held = [*(arrays[place] for place in places.values()), pa.array(reasons, pa.string())]
    return pa.RecordBatch.from_arrays(held, names=[*places, UNUSABLE])


def _wrong(sentence: Sentence, rows: Sequence[list[str]], width: int) -> str | None:
    """Why a sentence can't be read, by the first line that can't be. rows: the cells of its lines."""
    for (number, line), cells in zip(sentence, rows, strict=True):
        try:
            line.decode()
        except UnicodeDecodeError:
            return f"line {number} is not UTF-8"
        if len(cells) != width:
            return f"line {number} has {len(cells)} columns, and the others have {width}"
    return None
