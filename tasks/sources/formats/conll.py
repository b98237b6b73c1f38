"""CoNLL: a token a line, its columns parted by tabs or blanks, an empty line behind each sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from labelworks.schemas.file_names import CONLL_ENDS
from labelworks.tasks.sources.formats.base import FileSummary, ReadAs, UnreadableError
from labelworks.tasks.sources.formats.packed import WIDE, unpacked, with_packings
from labelworks.tasks.sources.values.columns import UNUSABLE

LISTS = pa.list_(pa.string())
TOKENS, TAGS = "tokens", "tags"  # the first column of a line that is no number of it, and its last
DOCUMENT = "-DOCSTART-"
LOOKED_AT = 100  # sentences, of which most say how many columns there are
LONGEST = 1 << 20  # bytes of a line
BLANKS = re.compile("[ \t]+")
TAG = re.compile("O|[BILUES]-.+")  # of any scheme
UNIVERSAL = 10  # columns of CoNLL-U, whose fourth is the part of speech
NO_TOKEN = re.compile(rb"\d+[-.]\d+\s")  # begins lines of CoNLL-U for several tokens, or for one left out
Sentence = list[tuple[int, bytes]]  # its lines, and the number of each in the file


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are written, by its first sentences.

    tabs: whether tabs part them; tags: those of their last column; numbered: whether their first counts them.
    """

    width: int = 2
    tabs: bool = False
    tags: frozenset[str] = frozenset()
    numbered: bool = False

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> Layout:
        """That of most lines of some sentences. UnreadableError where lines have no tags."""
        lines = [line for sentence in sentences for _, line in sentence]
        if not lines:
            return cls()
        rows = [_cells(line) for line in lines]
        widths = [len(row) for row in rows]
        width = max(sorted(set(widths)), key=widths.count)
        if width < 2:
            raise UnreadableError(
                "its lines have one column, where CoNLL has a token and its tag",
                "write token and tag parted by a tab or a blank, an empty line behind each sentence",
            )
        tabs = sum(b"\t" in line for line in lines) * 2 > len(lines)
        numbered = width > 2 and all(map(_counts, sentences))
        return cls(width, tabs, frozenset(row[-1] for row in rows), numbered)

    @property
    def places(self) -> dict[str, int]:
        """The columns, and the place of each in a line."""
        tags = 3 if self.numbered and self.width == UNIVERSAL else self.width - 1
        by_place = {f"column_{place + 1}": place for place in range(self.width)}
        return {TOKENS: int(self.numbered), TAGS: tags, **by_place}

    def comment(self, line: bytes) -> bool:
        """Whether a line before a sentence is a comment: unlike the line of a token that is a #."""
        if not line.startswith(b"#"):
            return False
        cells = _cells(line)
        alike = len(cells) == self.width and (b"\t" in line) == self.tabs
        return not alike or (cells[-1] not in self.tags and not TAG.fullmatch(cells[-1]))


class Conll:
    """Sentences as lists by column: `column_1` … by its place, the first also `tokens`, the last `tags`.

    Where the first column numbers the lines, as in CoNLL-U, tokens are the second, and of ten columns tags
    are the fourth. A line before a sentence that begins with # is a comment, if it holds no token and tag.
    """

    suffixes = with_packings(*CONLL_ENDS)

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Count the columns of the first sentences."""
        return FileSummary(pa.schema([pa.field(column, LISTS) for column in _layout(file, name).places]))

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
        layout = _layout(file, name)
        places, held = layout.places, _sentences(unpacked(file, name), layout)
        if columns is not None:
            places = {name: place for name, place in places.items() if name in columns}
        while some := list(islice(held, rows)):
            yield _batch(some, places, layout.width)


def _layout(file: Any, name: str) -> Layout:
    """How a file is written; any line before a sentence that begins with # is none of it."""
    return Layout.of(list(islice(_sentences(unpacked(file, name), None), LOOKED_AT)))


def _counts(sentence: Sentence) -> bool:
    """Whether the first column of a sentence's lines counts them."""
    numbers = [_cells(line)[0] for _, line in sentence if not NO_TOKEN.match(line)]
    return numbers == [str(place) for place in range(1, len(numbers) + 1)]


def _sentences(stream: Any, layout: Layout | None) -> Iterator[Sentence]:
    """The sentences of a file, without comments and marks of documents; layout: None while it isn't known."""
    sentence: Sentence = []
    for number, line in enumerate(_lines(stream), start=1):
        if not line.strip():
            if sentence:
                yield sentence
            sentence = []
        elif not _is_beside(line, layout, first=not sentence):
            sentence.append((number, line))
    if sentence:
        yield sentence


def _is_beside(line: bytes, layout: Layout | None, *, first: bool) -> bool:
    """Whether a line is a comment or a mark of a document, or stands for several tokens or for none."""
    if line.startswith(DOCUMENT.encode()):
        return True
    if layout is None:
        return first and line.startswith(b"#")
    return bool(layout.numbered and NO_TOKEN.match(line)) or (first and layout.comment(line))


def _lines(stream: Any) -> Iterator[bytes]:
    first = True
    while line := stream.readline(LONGEST + 1):
        if first and line.startswith(WIDE):
            raise UnreadableError("it is UTF-16", "write it as UTF-8")
        if len(line) > LONGEST:
            raise UnreadableError(f"a line is longer than {LONGEST >> 20} MB", "write one token a line")
        yield line.removeprefix(b"\xef\xbb\xbf") if first else line
        first = False


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
