"""The review queue of a run: what is worth a look comes first, nothing is asked twice without a reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import labelworks as lw
from labelworks.flows.cli.judged_run import open_judged
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.artifacts.shown.rows_by_id import judged_ref
from labelworks.tasks.review.desk import around
from labelworks.tasks.review.queue import review_queue
from labelworks.tasks.storage.store import Store
from tests.support.pets import run_on_pets
from tests.support.stages import run_stages


@pytest.fixture
def judged(made: Any, write: Any, run_config: Any, tmp_path: Path) -> Any:
    """Made data of which a run has judged the labels, its config and its store."""
    data = made(rows=600)
    config = run_config(write(data.table, parts=2), compute={"partition_rows": 300})
    run_stages(config)
    return data, config, tmp_path / "store"


def test_looks_find_errors_and_are_not_asked_for_again(judged: Any) -> None:
    data, config, root = judged
    wrong = dict(zip(data.table["id"].to_pylist(), data.wrong, strict=True))
    first = lw.review_queue("made", 40, store=root).queue
    assert len({row.id for row in first.rows}) == 40
    assert sum(wrong[row.id] for row in first.rows) > 4 * 40 * data.wrong.mean()
    leads = {row.id: place for place, row in enumerate(first.rows)}
    for place, row in enumerate(first.rows):
        if row.like is not None:
            lead = first.rows[leads[row.like]]
            assert leads[row.like] < place
            assert (lead.like, lead.given, lead.suggestion) == (None, row.given, row.suggestion)
    answers = {row.id: row.suggestion or "unsure" for row in first.rows}
    lw.record_decisions("made", answers, annotator="ann", run=first.run, store=root)
    for _ in range(2):  # before the next run and after it
        rows = lw.review_queue("made", 40, store=root).queue.rows
        again = [row for row in rows if row.id in answers]
        assert [row.why for row in again] == ["gold", "gold"]
        assert again[0].probability == pytest.approx(2 / sum(bool(row.suggestion) for row in first.rows))
        assert len(rows) == 40
        run_stages(config)


def test_a_seed_or_a_design_of_rows_that_are_not_drawn_is_refused(judged: Any) -> None:
    _, _, root = judged
    with pytest.raises(ConfigError, match="rows by error-removed aren't drawn by chance"):
        lw.review_queue("made", 20, seed=1, store=root)
    with pytest.raises(ConfigError, match="--design"):
        looks = lw.review_queue("made", 20, store=root).queue
        run = open_judged(Store(str(root)), looks.dataset, looks.run, None)
        review_queue(run.artifacts, run.source, 20, by="class-coverage", design="changes")
    drawn = [
        {row.id for row in lw.review_queue("made", 20, by="audit", seed=seed, store=root).queue.rows}
        for seed in (None, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_answer_against_what_the_scores_say_is_asked_about_again(judged: Any) -> None:
    _, _, root = judged
    rows = lw.review_queue("made", 20, store=root).queue.rows
    against = {row.id: row.given for row in [row for row in rows if row.suggestion][:4]}
    lw.record_decisions("made", against, annotator="ann", store=root)
    rows = lw.review_queue("made", 200, store=root).queue.rows
    asked = [row for row in rows if row.sample and row.sample.startswith("again-")]
    assert {row.id for row in asked} == set(against)
    lw.record_decisions("made", against, annotator="bob", store=root)
    rows = lw.review_queue("made", 200, store=root).queue.rows
    assert not [row for row in rows if row.sample and row.sample.startswith("again-")]


def test_every_class_is_covered_and_an_audit_draws_by_chance(judged: Any) -> None:
    _, _, root = judged
    rows = lw.review_queue("made", 30, by="class-coverage", store=root).queue.rows
    covered = Counter(row.given for row in rows)
    assert set(covered.values()) == {10}
    drawn = lw.review_queue("made", 30, by="audit", store=root).queue.rows
    assert all(row.why == "audit" and row.probability for row in drawn)


def test_far_errors_come_first_where_classes_have_a_hierarchy(judged: Any) -> None:
    _, config, root = judged
    flat = lw.review_queue("made", 200, store=root).queue
    same = lw.review_queue("made", 200, hierarchy=" ", store=root).queue
    assert [(row.id, pytest.approx(row.removed)) for row in flat.rows] == [
        (row.id, row.removed) for row in same.rows
    ]
    assert {row.distance for row in flat.rows} == {None}
    assert {row.distance for row in same.rows} == {1.0}
    one, two, other = flat.classes
    tree = {one: "near", two: "near", "near": None, other: None}
    far = lw.review_queue("made", 200, hierarchy=tree, store=root)
    for row in far.queue.rows:  # all classes are listed: the mean over them, by hand
        shares = {name: share for name, share in row.probabilities if name != row.given}
        away = {name: 2 / 3 if other not in (name, row.given) else 1.0 for name in shares}
        want = sum(shares[name] * away[name] for name in shares) / sum(shares.values())
        if row.suggestion is None:  # its label was not changed
            assert row.distance == pytest.approx(want, abs=1e-5)
    plain = {row.id: row.removed for row in flat.rows}
    assert all(
        row.removed == pytest.approx(plain[row.id] * row.distance, abs=1e-6)
        for row in far.queue.rows
        if row.id in plain and row.distance is not None
    )
    assert list(far.to_pandas()["distance"]) == [row.distance for row in far.queue.rows]
    named = config.model_copy(update={"dataset": config.dataset.model_copy(update={"hierarchy": {one: two}})})
    with pytest.raises(lw.ConfigError, match=f"no place for the class '{other}'"):
        run_stages(named)


def test_labels_of_no_single_class_are_not_counted_by_class(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    data = made(rows=300)
    codes = pa.array([float(name[-1]) for name in data.table["label"].to_pylist()])
    table = data.table.set_column(data.table.column_names.index("label"), "label", codes)
    run_stages(run_config(write(table), dataset={"task": "regression"}))
    with pytest.raises(lw.ConfigError, match="no single class"):
        lw.review_queue("made", 10, by="class-coverage", store=tmp_path / "store")
    rows = lw.review_queue("made", 10, store=tmp_path / "store").queue
    assert (rows.label, len(rows.rows)) == ("number", 10)


def test_every_row_asked_about_has_its_image_whatever_is_near_it(
    raw_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_on_pets(raw_config, tmp_path / "pets", 120, 24, 24, "PNG")
    rows = lw.review_queue("made", 20, store=tmp_path / "store").queue
    run = open_judged(Store(str(tmp_path / "store")), rows.dataset, rows.run, None)
    ref = judged_ref(run.artifacts)
    monkeypatch.setattr(around, "PICTURED", 3)
    found = around.around(run.artifacts, run.source, ref, ref.of("source")[0], rows.rows)
    assert len(found) == 20
    assert all(each.content.image for each in found.values())
    near = [each for of in found.values() for each in of.nearest if each.id not in found]
    others = {each.id: each.content for each in near}
    assert sum(content.image is not None for content in others.values()) == 3 < len(others)
