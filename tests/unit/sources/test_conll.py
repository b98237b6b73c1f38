"""CoNLL files: sentences as lists, comments and documents, lines that can't be read."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest

from labelworks.tasks.sources.formats import UNUSABLE, ReadAs, UnreadableError, format_of
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


def test_numbered_lines_have_their_token_behind_the_number() -> None:
    head = "# sent_id = 1\n# text = a comment that has as many words as it\n"
    rest = "\t_" * 6
    lines = [
        f"1-2\tim\t_\t_{rest}",
        f"1\tin\tin\tADP{rest}",
        f"2\tdem\tder\tDET{rest}",
        f"2.1\tx\tx\tX{rest}",
    ]
    found = read(head + "\n".join(lines) + "\n", "a.conllu")
    assert (found["tokens"].to_pylist(), found["tags"].to_pylist()) == ([["in", "dem"]], [["ADP", "DET"]])
    found = read("1\tAnna\tB-x\tO\n2\tLi\tI-x\tO\n")
    assert (found["tokens"].to_pylist(), found["tags"].to_pylist()) == ([["Anna", "Li"]], [["O", "O"]])


@pytest.mark.parametrize("comment", ["# id 3eb8 domain=train", "# a\tb\tc\td", "# text = Anna"])
def test_a_comment_may_have_as_many_words_as_lines_have_columns(comment: str) -> None:
    found = read(f"{comment}\n# _ _ O\nAnna _ _ B-x\n\n# _ _ B-y\nin _ _ O\n")
    assert found["tokens"].to_pylist() == [["#", "Anna"], ["#", "in"]]


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
