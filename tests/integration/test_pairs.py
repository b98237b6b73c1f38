"""A second column of vectors, by the other tower of the encoder: pairs that don't belong together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.noise.pairs import pair_mismatch
from labelworks.tasks.report.texts.key_figures import key_figures
from tests.support.stages import run_stages

ROWS, DIM = 600, 12


def paired(made: Any, swapped: int = 60, rows: int = ROWS) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Rows with the vectors of a second tower, of which the first ones are each another row's."""
    table = made(rows=rows, dim=DIM).table
    vectors = np.array(table["vector"].to_pylist(), np.float32)
    other = vectors + 0.4 * np.random.default_rng(1).normal(size=vectors.shape).astype(np.float32)
    other[:swapped] = np.roll(other[:swapped], 1, axis=0)
    return with_pairs(table, other.tolist()), vectors, other


def with_pairs(table: pa.Table, lists: list[Any]) -> pa.Table:
    return table.append_column("caption", pa.array(lists, pa.list_(pa.float64())))


def mismatches(table: pa.Table) -> np.ndarray:
    return table["pair_mismatch"].to_numpy()


def test_swapped_pairs_are_found_and_no_label_is_changed_for_them(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table, vectors, other = paired(made)
    source = write(table, parts=3)
    plain = run_config(source)
    run_stages(plain)
    config = run_config(source, dataset={"pair": "caption"})
    record = run_stages(config)
    before, rows = published(plain), published(config, 2)
    found = mismatches(rows) > 0.5
    assert found[:60].mean() > 0.95
    assert found[60:].mean() < 0.02
    assert before["pair_mismatch"].null_count == ROWS
    assert before.drop_columns("pair_mismatch").equals(rows.drop_columns("pair_mismatch"))
    assert record.noise.pairs == ROWS
    assert record.noise.mismatched_pairs == found.sum()
    assert record.noise.mismatched_share == pytest.approx(found.mean())
    page = Path(record.report).read_text()
    assert f"Of 600 pairs <b>{found.sum()}</b> look mismatched" in page
    told = {name: value for name, value, _ in key_figures(record)}
    assert told["pairs look mismatched"] == str(found.sum())
    whole = pair_mismatch(vectors, other)
    assert np.mean(whole.flag == found) > 0.99


def test_rows_without_a_pair_have_no_score_and_stay(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table, _, other = paired(made)
    lists: list[Any] = other.tolist()
    none = {100: None, 101: [1.0] * (DIM - 1), 102: [float("nan"), *lists[102][1:]], 103: [0.0] * DIM}
    none |= {104: [float("inf"), *lists[104][1:]], 105: [None, *lists[105][1:]], 106: []}
    for row, value in none.items():
        lists[row] = value
    config = run_config(write(with_pairs(table.drop_columns("caption"), lists)), dataset={"pair": "caption"})
    record = run_stages(config)
    rows = published(config)
    missing = np.flatnonzero(rows["pair_mismatch"].is_null().to_numpy())
    assert missing.tolist() == sorted(none)
    assert (mismatches(rows)[:60] > 0.5).mean() > 0.95
    assert record.noise.pairs == record.rows - len(none) == ROWS - len(none)


def test_another_pair_column_is_scored_anew_though_the_model_may_stay(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table, vectors, _ = paired(made)
    fine = pa.FixedSizeListArray.from_arrays(pa.array((vectors * 2).ravel().astype(np.float16)), DIM)
    source = write(table.append_column("better", fine))
    kept = {"detect": {"tolerance": 1.0}}
    first = run_config(source, dataset={"pair": "caption"}, **kept)
    run_stages(first)
    second = run_config(source, dataset={"pair": "better"}, **kept)
    record = run_stages(second)
    assert record.work["scored_rows"] == ROWS
    assert (mismatches(published(first)) > 0.5).sum() > 50
    assert (mismatches(published(second, 2)) > 0.5).sum() == 0


def test_files_that_changed_are_scored_with_their_pairs(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table, _, _ = paired(made, rows=800)
    source = write(table, parts=8)
    config = run_config(source, dataset={"pair": "caption"}, compute={"partition_rows": 100})
    run_stages(config)
    (source / "part-0.parquet").unlink()
    part = pq.read_table(source / "part-7.parquet")
    rolled = part["caption"].to_pylist()
    part = with_pairs(part.drop_columns("caption"), rolled[1:] + rolled[:1])
    pq.write_table(part, source / "part-7.parquet")
    run_stages(config)
    fresh = RunConfig.model_validate(
        config.model_dump(by_alias=True) | {"store": {"root": f"{config.store.root}-fresh"}}
    )
    run_stages(fresh)
    rows = published(config, 2)
    found = mismatches(rows) > 0.5
    assert rows.num_rows == 700
    assert found[600:].mean() > 0.95
    assert found[:600].mean() < 0.02
    np.testing.assert_array_equal(mismatches(rows), mismatches(published(fresh)))


@pytest.mark.parametrize("embedded", [False, True])
def test_pairs_of_another_length_stop_the_run(made: Any, write: Any, run_config: Any, embedded: bool) -> None:
    table, _, other = paired(made)
    source = write(with_pairs(table.drop_columns("caption"), other[:, :5].tolist()))
    if embedded:
        run_stages(run_config(source))
    with pytest.raises(InputError, match="'caption' have 5 numbers, those of the features 12") as caught:
        run_stages(run_config(source, dataset={"pair": "caption"}))
    assert "leave dataset.pair out" in caught.value.fix


def test_pairs_go_with_one_class_a_row(raw_config: Any) -> None:
    with pytest.raises(ValueError, match="pair goes with the task classification"):
        RunConfig.model_validate(raw_config("data", dataset={"pair": "p", "task": "regression"}))
