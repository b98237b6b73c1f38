"""Files of audited rows: what people filled in, and what they have not yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.treat.people.audited_rows import read_audited


def audited(folder: Path, text: str) -> dict[str, str]:
    (folder / "audited.csv").write_text(text)
    return read_audited(str(folder / "audited.csv"), {})


def test_a_row_that_nobody_filled_in_is_not_looked_at(tmp_path: Path) -> None:
    assert audited(tmp_path, "id,note,label\na,x,cat\nb,y,\nc,z,dog\n") == {"a": "cat", "c": "dog"}


def test_two_labels_of_a_row_are_refused_and_the_same_one_again_is_not(tmp_path: Path) -> None:
    assert audited(tmp_path, "id,label\na,cat\na,cat\n") == {"a": "cat"}
    with pytest.raises(InputError, match="the row 'a' has two labels"):
        audited(tmp_path, "id,label\na,cat\na,dog\n")


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'label'"):
        audited(tmp_path, "id,answer\na,cat\n")
