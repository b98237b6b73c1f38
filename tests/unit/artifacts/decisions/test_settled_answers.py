"""Answers of people to label sets and numbers, and to many classes: settled, and laid over treated rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.tables import SCORES
from labelworks.tasks.artifacts.decisions.settled import settle_classes, settle_others
from labelworks.tasks.treat.people.decided import with_settled


def said(name: str, **answer: Any) -> RowDecision:
    return RowDecision.model_validate({"id": name, "annotator": "ann", **answer})


def ref(label_type: Any, *classes: str) -> DatasetRef:
    return DatasetRef(run_id="r", dataset="d", uri="", classes=classes, label_type=label_type)


def rows(given: pa.Array, **more: Any) -> pa.Table:
    count = len(given)
    names = [f"r{n}" for n in range(count)]
    about = {"row": pa.array(range(count), pa.int32()), "id": names, "given": given}
    return pa.table({**about, "content": pa.array([7] * count, pa.uint64()), "part": [0] * count, **more})


def treated(given: pa.Array) -> pa.Table:
    count = len(given)
    return pa.table(
        {
            "row": pa.array(range(count), pa.int32()),
            "label": given,
            "action": ["keep"] * count,
            "reason": ["not suspicious"] * count,
            "weight": pa.array([0.5] * count, pa.float32()),
        }
    )


def test_of_label_sets_the_last_answer_counts() -> None:
    given = pa.array([[0], [1], [0, 1]], pa.list_(pa.int32()))
    found = settle_others(
        rows(given),
        [
            said("r0", answer="classes", classes=("b",)),
            said("r0", answer="classes", classes=("b", "a")),
            said("r1", answer="classes", classes=("gone",)),
            said("r2", answer="none"),
            said("r2", answer="keep", given="b"),  # it was another set then
        ],
        ref("list", "a", "b"),
    )
    assert found.rows["label"].to_pylist() == [[0, 1], []]
    assert (found.findings.rows, found.findings.changed, found.findings.gone) == (2, 2, 1)
    assert found.findings.stale == 1
    after = with_settled(treated(given), found.rows)
    assert after["label"].to_pylist() == [[0, 1], [1], []]
    assert after["action"].to_pylist() == ["decided", "keep", "decided"]
    assert after["weight"].to_pylist()[1] == 0.5


def test_numbers_are_replaced_and_kept() -> None:
    given = pa.array([1.0, 2.0, 3.0])
    found = settle_others(
        rows(given),
        [
            said("r0", answer="number", number=9.5),
            said("r1", answer="keep", given="2"),
            said("r1", answer="keep", given="2.5"),  # it was another number then
            said("r2", answer="unsure"),
        ],
        ref("number"),
    )
    after = with_settled(treated(given), found.rows)
    assert after["label"].to_pylist() == [9.5, 2.0, 3.0]
    assert (found.findings.answers, found.findings.unsure, found.findings.changed) == (2, 1, 1)
    assert found.findings.stale == 1
    assert with_settled(treated(given), None).equals(treated(given))


def test_of_many_classes_two_are_enough_to_go_by() -> None:
    given = pa.array([0, 1], pa.int32())
    judged = {
        "suggestion": pa.array([5, 1], pa.int32()),
        "error_probability": pa.array([0.9, 0.1], pa.float32()),
        "suggested_probability": pa.array([0.8, None], pa.float32()),
        "outside": [False, False],
        "posterior": pa.nulls(2, SCORES.field("posterior").type),
    }
    classes = [f"c{n}" for n in range(300)]
    found = settle_classes(
        rows(given, **judged),
        [
            said("r0", answer="class", classes=("c7",), given="c3"),
            said("r1", answer="keep", content=8),
            said("r1", answer="keep", given="c3"),  # it was given another label then
        ],
        ref("string", *classes),
    )
    assert found.rows["label"].to_pylist() == [7]
    assert found.rows["posterior"].null_count == 1
    assert (found.findings.stale, found.findings.changed) == (2, 1)
    assert np.isclose(found.findings.reviewers[0].accuracy, 0.95)


def test_what_was_said_of_rows_that_are_like_another_is_believed_as_it_turns_out() -> None:
    given = pa.array([0] * 40, pa.int32())
    judged = {
        "suggestion": pa.array([1] * 40, pa.int32()),
        "error_probability": pa.array([0.5] * 40, pa.float32()),
        "suggested_probability": pa.array([0.5] * 40, pa.float32()),
        "outside": [False] * 40,
        "posterior": pa.array([[0.5, 0.5]] * 40, SCORES.field("posterior").type),
    }
    looked = [said(f"r{n}", answer="class", classes=("b",), sample=s) for n in range(20) for s in (None, "g")]
    applied = [said(f"r{n}", answer="class", classes=("b",), why="like") for n in range(20, 40)]
    again = [said(f"r{n}", answer="keep", given="a", why="gold", sample="g") for n in range(20, 40)]
    found = settle_classes(rows(given, **judged), [*looked, *applied, *again], ref("string", "a", "b"))
    accuracy = {each.name: each.accuracy for each in found.findings.reviewers}
    assert accuracy["ann"] > 0.9 > 0.6 > accuracy["ann (like another)"]
    assert found.rows["label"].to_pylist() == [1] * 20 + [0] * 20
