"""Labelling instructions of a run: undoubted rows of each class, by the command and in the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelworks.flows.cli.published_version import open_recorded
from labelworks.schemas.stage_results import DetectResult
from labelworks.tasks.artifacts.vectors.embeddings import read_some
from labelworks.tasks.artifacts.vectors.first_pass import sampled_share
from labelworks.tasks.report.instructions import choose
from labelworks.tasks.report.instructions.choose import AskedClasses, candidates_in, vectors_of
from labelworks.tasks.storage.store import Store
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


def test_vectors_out_of_the_sample_are_those_of_the_rows(
    made: Any, write: Any, run_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run_config(write(made(noise=0.1).table, parts=3), detect={"sample": 100})
    record = run_stages(config)
    run = open_recorded(Store(config.store.root), record, None)
    result = run.artifacts.result(DetectResult)
    assert result is not None
    asked = AskedClasses.of(range(len(record.classes)), sampled_share(run.artifacts))
    parts = result.ref.of("source")
    found = pd.concat([candidates_in(part, run.artifacts, result.ref, asked) for part in parts])
    assert asked.share < 1
    assert (found["place"] >= 0).any()
    assert (found["place"] < 0).any()
    assert found["partition"].nunique() == len(parts) > 1
    vectors = vectors_of(run.artifacts, result.ref, found)
    names = {part.key: run.artifacts.embedding(result.ref.encoder_key, part) for part in parts}
    for vector, (partition, row) in zip(vectors, found[["partition", "row"]].to_numpy(), strict=True):
        one = read_some(run.artifacts.store, names[partition], np.array([row], np.int64))[0][0]
        np.testing.assert_array_equal(vector, one)
    monkeypatch.setattr(choose, "read_some", lambda *_: pytest.fail("a partition is read"))
    held = (found["place"] >= 0).to_numpy()
    np.testing.assert_array_equal(vectors_of(run.artifacts, result.ref, found[held]), vectors[held])


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
