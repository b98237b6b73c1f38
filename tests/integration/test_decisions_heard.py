"""Decisions are heard by the next run: beside the scores, only where there are any, and published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import labelworks as lw
from labelworks.schemas.stage_results import DetectResult, EmbedResult
from labelworks.tasks.artifacts.adopted import UNHEARD, adopt
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.first_pass import ABOUT
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages


@pytest.mark.parametrize("treat", [{}, {"mode": "none"}], ids=["treated", "as given"])
def test_only_partitions_that_people_decided_about_are_treated_again(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path, treat: dict[str, Any]
) -> None:
    data, root = made(rows=900), tmp_path / "store"
    config = run_config(write(data.table, parts=3), treat=treat, compute={"partition_rows": 300})
    first = run_stages(config)
    assert first.work["treated_rows"] == first.rows == 900
    before = published(config, 1).sort_by("id")
    names = before["id"].to_pylist()
    untouched = {path: path.stat().st_mtime_ns for path in (root / "made/treated").rglob("*.parquet")}
    assert len(untouched) == 3
    answers = {names[0]: "class-2", names[1]: "none", names[2]: "keep", names[3]: "unsure"}
    lw.record_decisions("made", answers, annotator="ann", run=first.run_id, store=root)
    second = run_stages(config)
    assert second.run_id != first.run_id
    assert second.version == 2
    assert {name: second.work[name] for name in ("embedded_rows", "scored_rows", "treated_rows")} == {
        "embedded_rows": 0, "scored_rows": 0, "treated_rows": 300,
    }  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in untouched} == untouched
    one, two = (Artifacts(Store(str(root)), "made", each.run_id) for each in (first, second))
    for kind in UNHEARD:
        mine, other = two.result(kind), one.result(kind)
        assert mine is not None
        assert other is not None
        assert (mine.ref.run_id, mine.ref.partitions) == (second.run_id, other.ref.partitions)
        assert (mine.figures, mine.gate, mine.seconds) == (other.figures, other.gate, 0)
        assert two.store.names(f"{two.folder}/{mine.stage}") == one.store.names(f"{one.folder}/{mine.stage}")
    after = published(config, 2).sort_by("id")
    rows = after.slice(0, 4).to_pylist()
    assert [row["action"] for row in rows[:3]] == ["decided", "drop", "decided"]
    assert rows[3]["action"] == before["action"][3].as_py()
    assert [row["label"] for row in rows[:3]] == [
        "class-2",
        rows[1]["original_label"],
        rows[2]["original_label"],
    ]
    assert rows[1]["weight"] == 0
    assert rows[0]["weight"] > 0.8
    classes = list(second.classes)
    assert np.argmax(rows[0]["soft_label"]) == classes.index("class-2")
    for name in ("label", "weight", "action", "soft_label"):
        assert after[name].slice(4).to_pylist() == before[name].slice(4).to_pylist()
    said = second.treatment.decisions
    assert (said.answers, said.rows, said.dropped, said.unsure, said.stale) == (3, 3, 1, 1, 0)
    assert said.changed == int(rows[0]["original_label"] != "class-2")
    assert (second.treatment.decided, second.treatment.drop) == (2, 1)
    again = run_stages(config)
    assert again.run_id == second.run_id  # nothing new was said
    assert again.version == 2


def test_what_another_run_did_not_come_to_is_not_taken_over(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    first = run_stages(run_config(write(made(rows=300).table)))
    store = Store(str(tmp_path / "store"))
    whole, cut, new = (Artifacts(store, "made", name) for name in (first.run_id, "cut", "new"))
    adopt(cut, first.run_id)
    assert cut.result(DetectResult) == whole.result(DetectResult).model_copy(
        update={"ref": cut.result(DetectResult).ref, "seconds": 0.0}
    )
    store.delete(cut.file("detect", "result.json"))
    adopt(new, "cut")
    assert new.result(EmbedResult) is not None
    assert new.result(DetectResult) is None
    adopt(new, "gone")
    assert new.result(DetectResult) is None


def test_a_first_pass_that_was_taken_over_in_part_is_none(
    made: Any, write: Any, run_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_stages(run_config(write(made(rows=300).table)))
    cut = Artifacts(Store(str(tmp_path / "store")), "made", "cut")
    write_whole = Store.write

    def killed(store: Store, name: str, data: bytes) -> None:
        if name == cut.file("embed", "sums.npz"):
            raise KeyboardInterrupt
        write_whole(store, name, data)

    monkeypatch.setattr(Store, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        adopt(cut, first.run_id)
    assert cut.store.exists(cut.file("embed", "sample.npz"))
    assert not cut.store.exists(cut.file("embed", ABOUT))


def test_two_who_differ_are_weighed_and_who_is_often_wrong_is_heard_less(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    data, root = made(rows=300), tmp_path / "store"
    config = run_config(write(data.table))
    run_stages(config)
    names, given = data.table["id"].to_pylist(), data.table["label"].to_pylist()
    clean = [row for row in range(300) if not data.wrong[row]][:60]
    other = {f"class-{code}": f"class-{(code + 1) % 3}" for code in range(3)}
    for who, wrong_each in (("ann", 30), ("bob", 2), ("eve", 30)):
        answers = {
            names[row]: other[given[row]] if place % wrong_each == 1 else given[row]
            for place, row in enumerate(clean)
        }
        lw.record_decisions("made", answers, annotator=who, store=root)
    found = run_stages(config).treatment.decisions
    accuracy = {each.name: each.accuracy for each in found.reviewers}
    assert accuracy["ann"] > 0.9
    assert accuracy["bob"] < 0.7
    rows = {row["id"]: row["label"] for row in published(config, 2).to_pylist()}
    right = [rows[names[row]] == given[row] for row in clean]
    assert np.mean(right) >= 0.95  # bob says otherwise of half of them


def test_what_is_stale_or_gone_is_not_heard(
    made: Any, write: Any, run_config: Any, published: Any, tmp_path: Path
) -> None:
    table, root = made().table, tmp_path / "store"
    run_stages(run_config(write(table)))
    names = table["id"].to_pylist()
    lw.record_decisions("made", {names[0]: "none", names[1]: "none", names[2]: "none"}, store=root)
    vectors = pa.array([[9.0] * 6, *table["vector"].to_pylist()[1:]], pa.list_(pa.float32()))
    moved = table.set_column(table.column_names.index("vector"), "vector", vectors)
    config = run_config(write(moved.filter(pa.array([name != names[2] for name in names]))))
    found = run_stages(config).treatment.decisions
    assert (found.answers, found.stale, found.gone, found.dropped) == (1, 1, 1, 1)
    rows = {row["id"]: row["action"] for row in published(config, 2).to_pylist()}
    assert (rows[names[0]] != "drop", rows[names[1]]) == (True, "drop")
