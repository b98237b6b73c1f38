"""Labels made of annotators' votes: aggregated, judged with the probes, the annotators told in the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.crowd import aggregate
from labelworks.tasks.storage.store import Store
from tests.support.stages import run_stages

RIGHT = [0.9, 0.9, 0.75, 0.4]  # how often each annotator is


def voted(data: Any, seed: int = 1) -> tuple[pa.Table, pa.Table, np.ndarray]:
    """Rows without a label, three votes on each, and the true codes."""
    rng = np.random.default_rng(seed)
    true = np.array([vector[:3] for vector in data.table["vector"].to_pylist()]).argmax(axis=1)
    rows = []
    for name, code in zip(data.table["id"].to_pylist(), true.tolist(), strict=True):
        for who in rng.choice(4, 3, replace=False).tolist():
            answer = code if rng.random() < RIGHT[who] else (code + int(rng.integers(1, 3))) % 3
            rows.append({"task": name, "worker": f"w{who}", "answer": f"class-{answer}"})
    return data.table.drop_columns(["label"]), pa.Table.from_pylist(rows), true


def section(source: Path) -> dict[str, Any]:
    return {"source": str(source), "item": "task", "annotator": "worker", "label": "answer"}


@pytest.fixture
def settings(raw_config: Any) -> Any:
    def settings(rows: Path, votes: Path, **more: Any) -> RunConfig:
        raw = raw_config(rows, **more)
        del raw["dataset"]["label"]
        raw["dataset"]["votes"] = section(votes) | raw["dataset"].get("votes", {})
        return RunConfig.model_validate(raw)

    return settings


def test_votes_become_labels_that_the_probes_improve(
    made: Any, write: Any, settings: Any, published: Any
) -> None:
    table, votes, true = voted(made())
    config = settings(write(table), write(votes, "votes", parts=1))
    record = run_stages(config)
    rows = published(config)
    crowd = aggregate(votes.rename_columns(["item", "worker", "label"]))
    assert rows["original_label"].to_pylist() == crowd.labels.tolist()
    assert record.noise.method == "crowd-posterior"
    right = np.array([f"class-{code}" for code in true])
    before = np.mean(np.array(rows["original_label"].to_pylist()) == right)
    after = np.mean(np.array(rows["label"].to_pylist()) == right)
    assert before < 0.93 < 0.98 < after
    soft = np.array(rows["soft_label"].to_pylist())
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-4)
    assert (soft.argmax(axis=1) == true).mean() > 0.98


def test_annotators_are_told_in_the_record_the_report_and_a_table(
    made: Any, write: Any, settings: Any
) -> None:
    table, votes, _ = voted(made())
    method = {"votes": {"method": "dawid-skene"}}
    config = settings(write(table), write(votes, "votes", parts=1), dataset=method)
    record = run_stages(config)
    assert record.crowd.method == "dawid-skene"
    assert (record.crowd.items, record.crowd.votes, record.crowd.annotators) == (400, 1200, 4)
    assert record.crowd.lowest[0].annotator == "w3"
    assert 0.2 < record.crowd.alpha < 0.9
    assert "Annotators" in Path(record.report).read_text()
    assert record.crowd.proof.held_out == 800
    assert record.crowd.proof.carried == "dawid-skene"
    assert "800 votes that were held out" in Path(record.report).read_text()
    folder = f"made/runs/{record.run_id}/ingest"
    store = Store(config.store.root, {})
    kept = store.read_table(f"{folder}/annotators/part-00000.parquet").sort_by("annotator")
    np.testing.assert_allclose(kept["quality"], RIGHT, atol=0.08)
    assert store.read_table(f"{folder}/votes/part-00000.parquet").num_rows == 400


def test_rows_have_the_label_that_most_gave_where_votes_prove_nothing_better(
    made: Any, write: Any, settings: Any, published: Any
) -> None:
    table, votes, _ = voted(made(rows=60))
    votes = votes.take([place for place in range(votes.num_rows) if place % 3])  # two of three on each
    config = settings(write(table), write(votes, "votes", parts=1), treat={"mode": "none"})
    record = run_stages(config)
    plain = aggregate(votes.rename_columns(["item", "worker", "label"]), method="soft-labels")
    given = dict(zip(plain.items.tolist(), plain.labels.tolist(), strict=True))
    rows = published(config)
    assert rows["original_label"].to_pylist() == [given[each] for each in rows["id"].to_pylist()]
    assert record.crowd.method == "auto"
    assert record.crowd.proof.carried == "soft-labels"
    assert "no item has 3" in record.crowd.proof.why_majority
    assert record.crowd.proof.why_majority.split(":")[0] in Path(record.report).read_text().replace(
        "&#39;", "'"
    )


def test_other_votes_are_another_run_and_rows_without_votes_are_put_aside(
    made: Any, write: Any, settings: Any, published: Any
) -> None:
    table, votes, _ = voted(made())
    source = write(table)
    config = settings(
        source, write(votes, "votes", parts=1), gates={"ingest": {"thresholds": {"max_rejected": 0.1}}}
    )
    first = run_stages(config)
    assert run_stages(config).run_id == first.run_id
    fewer = votes.filter(pc.not_equal(votes["task"], "row-00007"))
    pq.write_table(fewer, Path(config.dataset.votes.source) / "part-0.parquet")
    second = run_stages(config)
    assert second.run_id != first.run_id
    assert (first.rows, second.rows) == (400, 399)
    assert "row-00007" not in published(config, 2)["id"].to_pylist()


def test_votes_that_cannot_be_used_are_refused_by_place(made: Any, write: Any, settings: Any) -> None:
    table, votes, _ = voted(made(rows=60))
    rows = write(table)
    with pytest.raises(InputError, match="no column 'answer' \\(for votes\\)"):
        run_stages(
            settings(rows, write(votes.rename_columns(["task", "worker", "label"]), "renamed", parts=1))
        )
    numbers = votes.set_column(2, "answer", pa.array(np.linspace(0, 1, votes.num_rows)))
    with pytest.raises(InputError, match="has a fraction: classes are whole numbers or strings"):
        run_stages(settings(rows, write(numbers, "numbers", parts=1)))


def test_a_label_column_beside_votes_and_votes_without_ids_are_refused(raw_config: Any) -> None:
    votes = {"votes": {"source": "votes"}}
    with pytest.raises(ValueError, match="label \\(a column\\) or votes, not both"):
        RunConfig.model_validate(raw_config("data", dataset=votes))
    raw = raw_config("data", dataset=votes)
    del raw["dataset"]["label"], raw["dataset"]["id"]
    with pytest.raises(ValueError, match="votes need an id"):
        RunConfig.model_validate(raw)


def test_crowdlab_hears_the_column_of_probabilities(
    made: Any, write: Any, settings: Any, published: Any
) -> None:
    table, votes, true = voted(made())
    rng = np.random.default_rng(2)
    probs = rng.dirichlet(np.ones(3), len(true)) * 0.3
    probs[np.arange(len(true)), true] += 0.7
    rows = table.append_column("p", pa.array(probs.tolist(), pa.list_(pa.float64())))
    dataset = {
        "pred_probs": "p", "classes": ["class-0", "class-1", "class-2"], "votes": {"method": "crowdlab"},
    }  # fmt: skip
    source, answers = write(rows), write(votes, "votes", parts=1)
    config = settings(source, answers, dataset=dataset, treat={"mode": "none"})
    record = run_stages(config)
    expected = aggregate(
        votes.rename_columns(["item", "worker", "label"]), pred_probs=probs, method="crowdlab"
    )
    found = published(config)["original_label"].to_pylist()
    assert found == expected.labels.tolist()
    majority = aggregate(votes.rename_columns(["item", "worker", "label"]), method="majority")
    right = [f"class-{code}" for code in true]
    assert np.mean(np.array(found) == right) > np.mean(majority.labels == right)
    assert record.crowd.method == "crowdlab"
    assert record.noise.method == "crowd-posterior"
    less = 0.6 * probs + 0.4 * np.roll(probs, 1, axis=1)
    changed = rows.set_column(
        rows.column_names.index("p"),
        "p",
        pa.array(less.tolist(), pa.list_(pa.float64())),
    )
    pq.write_table(changed.slice(200), source / "part-1.parquet")  # labels of the other part move too
    second = run_stages(config)
    assert second.run_id != record.run_id
    other = np.concatenate([probs[:200], less[200:]])
    again = aggregate(votes.rename_columns(["item", "worker", "label"]), pred_probs=other, method="crowdlab")
    assert published(config, 2)["original_label"].to_pylist() == again.labels.tolist()
