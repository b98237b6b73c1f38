"""Rules on partitions: whatever these are, labels are the same; rows that can't be looked at are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.ingest import rule_labels
from labelworks.tasks.ingest.rule_labels import ruled
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.methods.rules.rule import evaluate
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.rules import rule_source

RULES = [
    {"name": "win", "matches": "win", "label": "spam"},
    {"name": "number", "where": "cast(typed as int) > 5", "label": "spam"},
    {"name": "hello", "matches": r"hello|\bhi\b", "label": "ham"},
    {"name": "late", "where": "hour >= 22", "label": "ham"},
]


def rows(count: int) -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "id": [f"r{row}" for row in range(count)],
            "text": rng.choice(["win now", "hello you", "hi, win", "nothing"], count).tolist(),
            "typed": rng.choice(["1", "9", "many"], count).tolist(),
            "hour": rng.integers(0, 24, count),
        }
    )


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    def opened(partition_rows: int, rules: Any = RULES) -> Any:
        raw = {
            "dataset": {
                "source": str(tmp_path / "rows.parquet"), "name": "d", "id": "id",
                "features": {"text": "text"},
                "rules": rules,
            },
            "store": {"root": str(tmp_path / f"store-{partition_rows}")},
            "compute": {"partition_rows": partition_rows},
        }  # fmt: skip
        run, plans = plan_run(RunConfig.model_validate(raw), {})
        return run, plans["source"].partitions, rule_source(run.config.dataset, "string")

    return opened


def labelled(run: Any, partitions: Any, made: Any) -> pa.Table:
    found = [scan(partition, run.source, made.label_type, made) for partition in partitions]
    assert not any(each.rejected.num_rows for each in found)
    return pa.concat_tables([each.rows.select(["id", "label", "votes"]) for each in found]).sort_by("id")


def test_labels_do_not_hang_on_the_partitions(tmp_path: Path, opened: Any) -> None:
    """Nor do the figures; rows on which no rule fires are left out, and those that fail are counted."""
    table = rows(600)
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=100)
    results = []
    for size in (1000, 100):
        run, partitions, asked = opened(size)
        made, told = ruled(run.artifacts, run.source, partitions, asked)
        results.append((labelled(run, partitions, made), told))
    (whole, told), (parts, same) = results
    assert whole.equals(parts)
    assert told == same
    assert told.rows == 600
    assert whole.num_rows == told.covered < 600
    assert {rule.name: rule.failed for rule in told.rules} == {
        "win": 0, "number": table["typed"].to_pylist().count("many"), "hello": 0, "late": 0,
    }  # fmt: skip
    assert told.rules[0].fires == sum("win" in text for text in table["text"].to_pylist())


def test_what_was_looked_at_is_not_looked_at_again(
    tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The votes of a partition have a name made of its content and of the rules."""
    pq.write_table(rows(200), tmp_path / "rows.parquet")
    looked: list[int] = []

    def counted(table: pa.Table, *given: Any) -> Any:
        looked.append(table.num_rows)
        return evaluate(table, *given)

    monkeypatch.setattr(rule_labels, "evaluate", counted)
    run, partitions, asked = opened(1000)
    first, told = ruled(run.artifacts, run.source, partitions, asked)
    assert looked == [200]
    again, same = ruled(run.artifacts, run.source, partitions, asked)
    assert looked == [200] and (again.key, same) == (first.key, told)
    others = opened(1000, RULES[:2])
    second, _ = ruled(others[0].artifacts, others[0].source, others[1], others[2])
    assert looked == [200, 200] and first.key != second.key


def test_texts_that_cannot_be_read_abstain(tmp_path: Path, opened: Any) -> None:
    """Of the rules that read them; the row is put aside if its text is its feature, which embed says."""
    table = rows(200)
    texts = pa.array([b"\xff win", *(text.encode() for text in table["text"].to_pylist()[1:])], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), len(texts), texts.buffers())
    table = table.set_column(1, "text", broken)
    pq.write_table(table, tmp_path / "rows.parquet")
    run, partitions, asked = opened(1000)
    _, told = ruled(run.artifacts, run.source, partitions, asked)
    assert [rule.failed for rule in told.rules][::2] == [1, 1]


def test_a_file_without_a_column_that_rules_read_is_put_aside(tmp_path: Path, opened: Any) -> None:
    """As one without its labels is."""
    folder, table = tmp_path / "rows.parquet", rows(400)
    folder.mkdir()
    pq.write_table(table.slice(0, 200), folder / "whole.parquet")
    pq.write_table(table.slice(200).drop_columns(["hour"]), folder / "lacks.parquet")
    run, partitions, asked = opened(1000)
    (aside,) = plan_run(run.config, {})[1]["source"].rejected
    assert aside["reason"] == "there is no column 'hour' (for dataset.rules)"
    assert ruled(run.artifacts, run.source, partitions, asked)[1].rows == 200


def test_rules_that_never_fire_are_refused(tmp_path: Path, opened: Any) -> None:
    """With where the rows are."""
    pq.write_table(rows(50), tmp_path / "rows.parquet")
    never = [{"name": name, "matches": "xyz", "label": name} for name in ("a", "b")]
    run, partitions, asked = opened(1000, never)
    with pytest.raises(InputError, match="no rule fires on any row") as caught:
        ruled(run.artifacts, run.source, partitions, asked)
    assert caught.value.where.endswith("rows.parquet")
