"""Labelling instructions of a run: undoubted rows of each class, by the command and in the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.stages import run_stages


def test_examples_are_rows_of_their_class_that_nobody_doubts(
    made: Any, write: Any, run_config: Any, command: Any
) -> None:
    rows = made(noise=0.2)
    config = run_config(write(rows.table, parts=3))
    record = run_stages(config)
    code, text, err = command("instructions", record.run_id, "--store", config.store.root)
    assert code == 0, err
    given = dict(zip(rows.table["id"].to_pylist(), rows.table["label"].to_pylist(), strict=True))
    wrong = set(np.array(rows.table["id"].to_pylist())[rows.wrong])
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert [section.split("\n")[0].replace("\\", "") for section in sections] == list(record.classes)
    for section in sections:
        name = section.split("\n")[0].replace("\\", "")
        shown = re.findall(r"row (row-\d+)$", section, re.MULTILINE)
        assert len(shown) >= 3
        assert {given[row] for row in shown} == {name}
        assert not wrong & set(shown)
    assert Path(record.report).read_text().count("3 typical") == len(record.classes)


def test_numbers_have_none(made: Any, write: Any, run_config: Any, command: Any) -> None:
    table = made(rows=300).table
    numbers = table.set_column(
        table.column_names.index("label"), "label", [[vector[0] for vector in table["vector"].to_pylist()]]
    )
    config = run_config(write(numbers), dataset={"task": "regression"})
    run_stages(config)
    code, out, err = command("instructions", "--store", config.store.root)
    assert (code, out) == (2, "")
    assert "labels of one class" in err
