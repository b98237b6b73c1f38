"""CoNLL files: sentences as lists, comments and documents, lines that can't be read."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest

from labelworks.tasks.sources.formats import format_of
from labelworks.tasks.sources.formats.base import UNUSABLE, ReadAs, UnreadableError
from labelworks.tasks.sources.formats.conll import Conll


def read(text: str | bytes, name: str = "a.conll", rows: int = 100) -> pa.Table:
    data = text if isinstance(text, bytes) else text.encode()
    batches = Conll().batches(io.BytesIO(data), name, None, rows, None, ReadAs())
    return pa.Table.from_batches(list(batches), schema=None)


@pytest.mark.parametrize("part", ["\t", " ", "  "])
def test_sentences_are_lists_by_column(part: str) -> None:
    lines = ["-DOCSTART- -X- O", "", "Anna NNP B-x", "Li NNP I-x", "", "", "# . O", "in IN O"]
    parted = [line.replace(" ", part) for line in lines]
    found = read("\n".join([*parted[:2], "# text = Anna Li", *parted[2:]]))
    assert found["tokens"].to_pylist() == [["Anna", "Li"], ["#", "in"]]
    assert found["tags"].to_pylist() == [["B-x", "I-x"], ["O", "O"]]
    assert found["column_2"].to_pylist() == [["NNP", "NNP"], [".", "IN"]]
    assert found[UNUSABLE].null_count == 2


def test_a_line_of_other_columns_puts_its_sentence_aside() -> None:
    found = read(b"a\tO\n\nb\tO\nc\n\nd\tO\n\ne\xff\tO\n", rows=2)
    assert found["tokens"].to_pylist() == [["a"], None, ["d"], None]
    assert found[UNUSABLE].to_pylist() == [
        None, "line 4 has 1 columns, and the others have 2", None, "line 8 is not UTF-8",
    ]  # fmt: skip


def test_only_what_is_asked_for_is_made_lists() -> None:
    batches = Conll().batches(io.BytesIO(b"a\tN\tO\n"), "a.conll", ["tags", "column_2"], 9, None, ReadAs())
    found = next(batches)
    assert found.schema.names == ["tags", "column_2", UNUSABLE]
    assert [column.to_pylist() for column in found.columns] == [[["O"]], [["N"]], [None]]


def test_a_file_of_one_column_is_no_conll() -> None:
    with pytest.raises(UnreadableError, match="one column"):
        read("a\nb\n")


def test_it_is_known_by_its_name() -> None:
    assert [format_of(name) for name in ("a.conll", "wiki.conll.txt", "b.conllu")] == ["conll"] * 3
    assert Path("a.txt").suffix == ".txt" and format_of("a.txt") is None
