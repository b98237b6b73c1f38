"""Labels that are no single class: several a row, or numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from labelworks.schemas.approval import Decision
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.approvals import decide
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.multilabel.judge import JudgedLabelSets
from labelworks.tasks.methods.regression.judge import JudgedNumbers
from labelworks.tasks.methods.regression.usual_residuals import UsualResiduals
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

NAMES = ["cat", "dog", "owl", "rat"]
ROWS, DIM = 600, 8


def several(noise: float = 0.04) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Rows with any of four labels, each seen in one feature; some added and some left out at random."""
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, 4)) < 0.35
    vectors = (8 * true @ np.eye(4, DIM) + rng.normal(size=(ROWS, DIM))).astype(np.float32)
    wrong = rng.random((ROWS, 4)) < noise
    given = true ^ wrong
    table = {
        "id": [f"row-{row:05d}" for row in range(ROWS)],
        "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
        "label": [[NAMES[k] for k in np.flatnonzero(row)] for row in given],
    }
    return pa.table(table), true, wrong


def numbers() -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Numbers that follow the features; some are far off, two are exchanged."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    true = vectors @ np.arange(1.0, DIM + 1) + 0.5 * rng.normal(size=ROWS)
    given = true.copy()
    off = rng.choice(ROWS, 30, replace=False)
    given[off] += rng.uniform(200, 900, 30)
    low, high = np.argsort(true)[[20, -20]]
    given[[low, high]] = given[[high, low]]
    wrong = given != true
    table = {
        "id": [f"row-{row:05d}" for row in range(ROWS)],
        "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
        "label": given,
    }
    return pa.table(table), true, wrong


def test_no_share_of_right_changes_is_promised_of_label_sets(
    write: Any, run_config: Any, published: Any
) -> None:
    """600 rows bear out too little of how sure their suspicions are: these go to a person."""
    table, _, wrong = several()
    config = run_config(write(table), dataset={"task": "multilabel"}, treat={"objective": {"precision": 0.9}})
    record = run_stages(config)
    assert record.treatment.relabel == 0 and record.treatment.review > wrong.any(axis=1).sum() / 2
    assert set(record.noise.unproven) <= set(NAMES)
    rows = published(config)
    assert rows["label"].to_pylist() == table["label"].to_pylist()


def test_missing_and_extra_labels_are_mended(write: Any, run_config: Any, published: Any) -> None:
    table, true, wrong = several()
    config = run_config(write(table), dataset={"task": "multilabel"}, treat={"relabel_over": 0.9})
    record = run_stages(config)
    rows = published(config)
    assert (rows["original_label"].to_pylist()) == table["label"].to_pylist()
    after = np.array([[name in row for name in NAMES] for row in rows["label"].to_pylist()])
    assert (after != true).mean() < wrong.mean() / 2
    doubted = np.array(rows["action"].to_pylist()) != "keep"
    assert doubted[wrong.any(axis=1)].mean() > 0.75
    assert doubted[~wrong.any(axis=1)].mean() < 0.02
    suggested, soft = rows["suggestion"].to_pylist(), np.array(rows["soft_label"].to_pylist())
    proposed = np.array([each is not None for each in suggested])
    assert (proposed == doubted).all()
    given = np.array([[name in row for name in NAMES] for row in rows["original_label"].to_pylist()])
    claims = np.abs(soft - given)[after != given]
    assert claims.min() > 0.5 and claims.mean() >= 0.9
    assert soft.shape == (ROWS, len(NAMES)) and record.classes == tuple(NAMES)
    assert record.noise.missing_labels > 0 < record.noise.extra_labels
    assert record.noise.rate == pytest.approx(wrong.sum() / (true | (true ^ wrong)).sum(), abs=0.05)
    assert record.noise.out_of_sample_accuracy > 0.8
    assert record.status == "published" and record.rows == ROWS
    assert record.treatment.relabel == rows["action"].to_pylist().count("relabel")
    assert record.validation.interval[1] > 0 and record.validation.model == "ridge"
    assert set(record.gates) == {"ingest", "embed", "detect", "treat", "validate", "publish"}
    page = Path(record.report).read_text()
    assert "Rows to look at" in page
    assert run_stages(config).run_id == record.run_id


class AllOfOneLabel:
    """Doubts one label of rows that have all of them, and nothing else."""

    def __init__(self, *, doubted: int = 0) -> None:
        self._doubted = doubted

    def fit(self, given: Any, probs: Any, /) -> None:
        assert given.shape == probs.shape

    def judge(self, given: Any, probs: Any, /) -> JudgedLabelSets:
        wrong = np.zeros(given.shape, np.float32)
        wrong[:, self._doubted] = 0.9 * (given.toarray() > 0).all(axis=1)
        none = sparse.csr_array(given.shape, dtype=np.float32)
        return JudgedLabelSets(1 - wrong.max(axis=1), none, sparse.csr_array(wrong))

    @property
    def missing_rate(self) -> Any:
        return np.full(len(NAMES), 0.1)

    @property
    def false_rate(self) -> Any:
        return np.full(len(NAMES), 0.1)


class TooHigh(UsualResiduals):
    """Doubts numbers as the built-in method does, but none that is too low."""

    def judge(self, given: Any, predicted: Any, /) -> JudgedNumbers:
        found = super().judge(given, predicted)
        return replace(found, flag=found.flag & (given > predicted))


def test_methods_of_plug_ins_are_named_by_the_config(write: Any, run_config: Any, published: Any) -> None:
    needs = ("labels", "pred_probs"), ("labels", "predictions")
    registry.register("multilabel", "all-of-one", needs=needs[0], source="this test")(AllOfOneLabel)
    registry.register("regression", "too-high", needs=needs[1], source="this test")(TooHigh)
    try:
        noise = {"method": "all-of-one", "options": {"doubted": 2}}
        config = run_config(
            write(several()[0]),
            dataset={"task": "multilabel"},
            detect={"noise": noise},
            treat={"relabel_over": 0.95},
        )
        record = run_stages(config)
        rows = published(config)
        held = np.array([len(row) == len(NAMES) for row in rows["original_label"].to_pylist()])
        assert ((np.array(rows["action"].to_pylist()) != "keep") == held).all()
        assert (record.noise.method, record.noise.flagged) == ("all-of-one", held.sum())
        table = write(numbers()[0], "numbers")
        flagged = []
        for method in ("residuals", "too-high"):
            named = {"name": method, "task": "regression"}
            run = run_config(table, dataset=named, detect={"noise": {"method": method}})
            record = run_stages(run)
            flagged.append(record.noise.flagged)
            assert record.noise.method == method
        assert 0 < flagged[1] < flagged[0]
    finally:
        registry.forget("this test")


def test_a_users_probabilities_are_taken_for_several_labels(
    write: Any, run_config: Any, published: Any
) -> None:
    table, true, _ = several()
    rng = np.random.default_rng(5)
    probs = np.clip(np.where(true, 0.99, 0.01) + 0.003 * rng.normal(size=true.shape), 0, 1)
    noise = pa.array(rng.normal(size=(ROWS, DIM)).tolist(), pa.list_(pa.float32()))
    table = table.set_column(1, "vector", noise).append_column("p", pa.array(probs.tolist()))
    config = run_config(
        write(table), dataset={"task": "multilabel", "pred_probs": "p", "classes": NAMES},
        detect={"noise": {"options": {"method": "ema"}}}, treat={"relabel_over": 0.5},
    )  # fmt: skip
    record = run_stages(config)
    after = np.array([[name in row for name in NAMES] for row in published(config)["label"].to_pylist()])
    assert (after == true).mean() > 0.99
    assert record.noise.method == "confident-learning"


def test_exchanged_numbers_are_put_right_and_others_reviewed(
    write: Any, run_config: Any, published: Any
) -> None:
    table, true, wrong = numbers()
    config = run_config(write(table), dataset={"task": "regression"})
    record = run_stages(config)
    rows = published(config)
    action, label = np.array(rows["action"].to_pylist()), rows["label"].to_numpy()
    swapped = action == "relabel"
    assert swapped.sum() == 2 == record.noise.swapped
    np.testing.assert_allclose(label[swapped], true[swapped])
    assert (action[wrong] != "keep").mean() > 0.95
    assert (action[~wrong] != "keep").mean() < 0.02
    assert rows["weight"].to_numpy()[action == "review"].max() < 0.5
    proposed = rows["suggestion"].to_numpy()
    assert (np.isnan(proposed) == (action == "keep")).all() and rows["soft_label"].null_count == ROWS
    assert np.abs(proposed - true)[action == "review"].mean() < 2
    assert record.noise.r_squared > 0.9
    assert record.validation.difference >= 0 and record.validation.holdout_rows > 50


@pytest.mark.parametrize(
    ("change", "task", "reason"),
    [
        ([["cat", None]], "multilabel", "null among the labels"),
        ([["cat", "cow"]], "multilabel", "label not in dataset.classes: 'cat, cow'"),
        ([None], "multilabel", "null label"),
        ([float("nan")], "regression", "label is not finite"),
        ([-1e31], "regression", "label is beyond 1e+30, too large for single floats"),
    ],
)
def test_labels_that_cannot_be_used_are_named(
    write: Any, run_config: Any, change: list[Any], task: str, reason: str
) -> None:
    table = (several() if task == "multilabel" else numbers())[0].slice(0, 100)
    labels = pa.array(change + table["label"].to_pylist()[1:], table["label"].type)
    table = table.set_column(2, "label", labels)
    listed = {"classes": NAMES} if task == "multilabel" else {}
    with pytest.raises(InputError, match="row 0") as caught:
        run_stages(run_config(write(table), dataset={"task": task, **listed}))
    assert reason in str(caught.value)


def test_labels_of_another_task_are_refused_with_its_name(write: Any, run_config: Any) -> None:
    for made, task in ((several, "multilabel"), (numbers, "regression")):
        with pytest.raises(InputError, match=f"set dataset.task: {task}"):
            run_stages(run_config(write(made()[0], task)))


@pytest.mark.parametrize(
    ("task", "key", "value"),
    [("multilabel", "target", "new/"), ("multilabel", "class_names", True), ("regression", "classes", ["a"])],
)
def test_what_goes_with_classes_alone_is_refused(raw_config: Any, task: str, key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{key} goes with the task classification"):
        RunConfig.model_validate(raw_config("data", dataset={"task": task, key: value}))


def test_labels_that_stop_going_together_are_told(write: Any, run_config: Any) -> None:
    table, _, _ = several(noise=0.0)
    months = np.arange(ROWS) // (ROWS // 4)
    lists = [
        sorted({*row, "dog"} if "cat" in row else {*row} - {"dog"}) if month < 3 else row
        for row, month in zip(table["label"].to_pylist(), months, strict=True)
    ]
    days = np.datetime64("2025-01", "M") + months
    table = table.set_column(2, "label", pa.array(lists)).append_column(
        "day", pa.array(days.astype("datetime64[D]"))
    )
    task = {"task": "multilabel", "time": "day"}
    config = run_config(write(table), dataset=task, detect={"windows": {"by": "month"}})
    record = run_stages(config)
    found = record.drift.labels
    assert found.windows == ("2025-01", "2025-02", "2025-03", "2025-04") and sum(found.rows) == ROWS
    assert found.p_value[3] == 0.001 < min(found.p_value[1:3])
    assert found.changed[3].labels == ("cat", "dog")
    page = Path(record.report).read_text()
    assert "Labels that go together" in page and "go together differently in 2025-04" in page


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_labels_that_features_tell_nothing_of_are_refused(write: Any, run_config: Any, task: str) -> None:
    table = (several() if task == "multilabel" else numbers())[0]
    order = np.random.default_rng(7).permutation(ROWS)
    table = table.set_column(2, "label", table["label"].combine_chunks().take(pa.array(order)))
    record = run_stages(run_config(write(table), dataset={"task": task}))
    assert record.status == "refused"
    assert "these features don't tell these labels" in {check.says for check in record.gates["detect"].failed}


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_partitions_and_a_sample_say_what_the_whole_says(
    write: Any, run_config: Any, published: Any, task: str
) -> None:
    table = (several() if task == "multilabel" else numbers())[0]
    one = run_config(write(table), dataset={"task": task, "name": "one"})
    many = run_config(
        write(table, "many", parts=4), dataset={"task": task, "name": "many"}, detect={"sample": 400},
        compute={"partition_rows": 150},
    )  # fmt: skip
    run_stages(one)
    run_stages(many)
    first, second = published(one).sort_by("id"), published(many).sort_by("id")
    assert first["id"].equals(second["id"])
    same = np.array(first["action"].to_pylist()) == np.array(second["action"].to_pylist())
    assert same.mean() > 0.95


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_a_file_of_which_no_row_is_left_is_no_trouble(
    write: Any, run_config: Any, published: Any, task: str
) -> None:
    table = (several() if task == "multilabel" else numbers())[0]
    again = write(pa.concat_tables([table, table.slice(0, 100)]), parts=7)  # the last one's ids came before
    gates = {"ingest": {"thresholds": {"max_rejected": 0.2}}}
    config = run_config(again, dataset={"task": task}, compute={"partition_rows": 100}, gates=gates)
    record = run_stages(config)
    assert record.status == "published" and published(config).num_rows == ROWS


@pytest.mark.parametrize(("task", "budget", "changed"), [("multilabel", 5, 5), ("regression", 1, 0)])
def test_a_person_is_asked_and_lowers_the_budget(
    task: str, budget: int, changed: int, write: Any, run_config: Any, published: Any
) -> None:
    """Of label sets so many labels change; of numbers exchanged ones only in pairs."""
    table = several()[0] if task == "multilabel" else numbers()[0]
    config = run_config(
        write(table), dataset={"task": task}, treat={"approve_over": 0.0, "relabel_over": 0.9},
        validate={"publish_when": {"not_worse": 0.02}},
    )  # fmt: skip
    record = run_stages(config)
    assert record.status == "waiting" and record.treatment.relabel > budget
    said = Decision(decision="approve", budget=budget, by="me")
    decide(Store(config.store.root), f"{record.dataset}/runs/{record.run_id}", said)
    record = run_stages(config)
    rows = published(config).to_pylist()
    assert record.status == "published"
    given, after = ([row[name] for row in rows] for name in ("original_label", "label"))
    if task == "regression":
        given, after = ([[number] for number in each] for each in (given, after))
    assert sum(len(set(a) ^ set(b)) for a, b in zip(given, after, strict=True)) == changed
