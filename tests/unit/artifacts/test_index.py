"""The index of a partition is slim; what else is said of its rows lies beside it, row for row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.tables import index_schema
from labelworks.tasks.artifacts.index import load_index, read_index
from labelworks.tasks.artifacts.row_extras import pair_vectors, unpacked
from labelworks.tasks.embed.stage import embed_group, fit_encoder
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.run import Run
from labelworks.tasks.storage.store import Store

ROWS = 60


def table() -> pa.Table:
    """Two classes; row 3 has no label, row 5 no probabilities, row 7 no pair, and row 9 the id of row 8."""
    probs = np.tile(np.float32([0.25, 0.75]), (ROWS, 1)) + np.arange(ROWS)[:, None] / 1000 * [1, -1]
    vectors = np.arange(ROWS * 3, dtype=np.float32).reshape(ROWS, 3)
    told, pairs = probs.astype(np.float32).tolist(), (-vectors).tolist()
    labels, ids = [f"c{row % 2}" for row in range(ROWS)], [f"r{row}" for row in range(ROWS)]
    labels[3], told[5], pairs[7], ids[9] = None, None, None, ids[8]  # type: ignore[call-overload]
    lists = pa.list_(pa.float32())
    return pa.table(
        {
            "key": ids,
            "label": labels,
            "vector": pa.array(vectors.tolist(), lists),
            "told": pa.array(told, lists),
            "other": pa.array(pairs, lists),
        }
    )


def ingested(tmp_path: Path, name: str = "d") -> tuple[Run, DatasetRef]:
    (tmp_path / "data").mkdir(exist_ok=True)
    pq.write_table(table(), tmp_path / "data/a.parquet")
    dataset = {
        "name": name, "source": str(tmp_path / "data"), "id": "key", "label": "label",
        "classes": ["c0", "c1"], "features": {"vector": "vector"}, "pred_probs": "told", "pair": "other",
    }  # fmt: skip
    config = {"dataset": dataset, "store": {"root": str(tmp_path / "store")}}
    gates = {"ingest": {"thresholds": {"max_rejected": 0.5, "max_duplicate_ids": 5}}}
    run, plans = plan_run(RunConfig.model_validate(config | {"gates": gates}), {})
    return run, ingest(run, plans).ref


def test_what_is_said_beside_the_labels_keeps_to_the_rows(tmp_path: Path) -> None:
    run, ref = ingested(tmp_path)
    (partition,) = ref.partitions
    found = load_index(run.artifacts, ref, partition, ["id", "pred_probs", "pair"])
    rows = [row for row in range(ROWS) if row not in (3, 5, 9)]
    given = table().take(pa.array(rows))
    assert found["row"].to_pylist() == rows
    assert found["id"].to_pylist() == given["key"].to_pylist()
    np.testing.assert_array_equal(
        unpacked(found["pred_probs"]), np.stack(given["told"].to_pylist()), strict=False
    )
    pairs = [[np.nan] * 3 if each is None else each for each in given["other"].to_pylist()]
    np.testing.assert_array_equal(pair_vectors(found["pair"], 3), pairs)


def test_the_index_itself_holds_where_rows_are_from_and_their_labels(tmp_path: Path) -> None:
    run, ref = ingested(tmp_path)
    (partition,) = ref.partitions
    schema = run.artifacts.store.read_schema(run.artifacts.index("string", partition))
    assert sorted(schema.names) == sorted(index_schema(pa.string()).names)
    names = run.artifacts.store.names(run.artifacts.index("string", partition).rsplit("/", 1)[0])
    kinds = ("", "-pair", "-pred_probs", "-rejected")
    assert sorted(names) == sorted(f"{partition.key}{kind}.parquet" for kind in kinds)


def test_an_index_is_read_as_it_was_found(tmp_path: Path) -> None:
    run, ref = ingested(tmp_path)
    found = read_index(run.artifacts, ref.partitions[0], "string", ["row", "id"])
    assert found.rejected.select(["id", "reason"]).to_pylist() == [
        {"id": "r3", "reason": "null label"},
        {"id": "r5", "reason": "null pred_probs"},
    ]
    assert found.rows["id"].to_pylist() == [
        f"r{8 if row == 9 else row}" for row in range(ROWS) if row not in (3, 5)
    ]


def test_indexing_again_reads_what_is_there_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, ref = ingested(tmp_path)
    run.artifacts.store.delete(run.artifacts.file("ingest", "result.json"))
    written: list[str] = []
    write = Store.write

    def watched(self: Store, name: str, data: Any) -> None:
        written.append(name)
        write(self, name, data)

    monkeypatch.setattr(Store, "write", watched)
    assert ingested(tmp_path)[1] == ref
    assert not [name for name in written if "/index/" in name]


@pytest.mark.parametrize("name", ["a.parquet", "x.parquet.d"])
def test_a_dataset_may_be_named_as_a_file(tmp_path: Path, name: str) -> None:
    run, ref = ingested(tmp_path, name)
    spec = fit_encoder(run, ref, "cpu", 1)
    embed_group.fn(ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    assert [each.name for each in (tmp_path / "store").iterdir()] == [name]
