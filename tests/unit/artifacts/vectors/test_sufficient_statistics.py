"""Sums and sample: of all partitions, or of an earlier version and what changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors import mapped_sums, sufficient_statistics
from labelworks.tasks.artifacts.vectors.first_pass import (
    FirstPass,
    Summed,
    read_contents,
    read_first_pass,
    rows_by_class,
)
from labelworks.tasks.artifacts.vectors.signatures import laid_through
from labelworks.tasks.artifacts.vectors.sufficient_statistics import first_pass
from labelworks.tasks.artifacts.vectors.token_blocks import load_learnt
from labelworks.tasks.embed.stage import embed_group, fit_encoder
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.methods.statistics.folds import share_of
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import pass_options
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import claim_version

ROWS, DIM = 40, 6
RINGED = 200  # rows of a file of classes that no plane tells apart
LABELS = {
    "classification": lambda code: f"c{code}",
    "multilabel": lambda code: [f"c{each}" for each in range(code)],
    "regression": float,
}


def put(
    folder: Path, name: str, *, seed: int, first: int, rows: int = ROWS, task: str = "classification"
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=rows)
    vectors = rng.standard_normal((rows, DIM)).astype(np.float16) + labels[:, None]
    table = pa.table(
        {
            "id": [f"r{first + row}" for row in range(rows)],
            "label": [LABELS[task](label) for label in labels],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), DIM),
        }
    )
    pq.write_table(table, folder / name)


def embedded(
    folder: Path, store: Path, *, task: str = "classification", **detect: Any
) -> tuple[Run, DatasetRef, int]:
    config = RunConfig.model_validate(
        {
            "dataset": {
                "name": "d", "source": str(folder), "id": "id", "label": "label", "task": task,
                "features": {"vector": "vector"},
                "classes": None if task == "regression" else ["c0", "c1", "c2"],
            },
            "store": {"root": str(store)},
            "detect": detect,
            "gates": {"ingest": {"thresholds": {"max_rejected": 0.9}}},
        }
    )  # fmt: skip
    run, plans = plan_run(config, {})
    found = ingest(run, plans)
    spec = fit_encoder(run, found.ref, "cpu", 1)
    embed_group.fn(found.ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    return run, found.ref.model_copy(update={"encoder_key": spec.key}), found.figures.rows


def passed(run: Run, ref: DatasetRef, rows: int) -> Summed:
    """The first pass of a run, as its config asks for it, and what it kept of contents."""
    first = first_pass(run.artifacts, ref, rows, pass_options(run.config))
    assert_same_rows(read_first_pass(run.artifacts), first)
    by_class, all_rows = rows_by_class(run.artifacts)
    np.testing.assert_array_equal(by_class, first.by_class)
    assert all_rows == first.sums.count.sum()
    return Summed(first, read_contents(run.artifacts))


def assert_same(found: Summed, expected: Summed) -> None:
    assert_same_rows(found.first, expected.first)
    assert found.contents.equals(expected.contents)


def assert_same_rows(found: FirstPass, expected: FirstPass) -> None:
    for name in ("count", "total", "gram"):
        np.testing.assert_allclose(getattr(found.sums, name), getattr(expected.sums, name), atol=1e-9)
    for name in ("features", "given", "folds"):
        np.testing.assert_array_equal(getattr(found.sample, name), getattr(expected.sample, name))
    np.testing.assert_array_equal(found.owners, expected.owners)


def changed(folder: Path, task: str) -> None:
    """One file more, one less, one other, and an id of it that a file after it has as well."""
    put(folder, "0.parquet", seed=9, first=900, task=task)
    (folder / "2.parquet").unlink()
    put(folder, "3.parquet", seed=33, first=3 * ROWS - 5, task=task)
    put(folder, "4.parquet", seed=4, first=4 * ROWS - 10, task=task)


@pytest.mark.parametrize(
    ("sample", "task"), [(100, "classification"), (1000, "classification"), (100, "multilabel")]
)
def test_an_update_equals_a_pass_over_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: int, task: str
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(1, 9):
        put(folder, f"{number}.parquet", seed=number, first=number * ROWS, task=task)
    run, ref, rows = embedded(folder, tmp_path / "store", task=task, sample=sample)
    passed(run, ref, rows)
    claim_version(run.artifacts.store, "d", run.artifacts.id, "manifest.json")
    changed(folder, task)
    later, later_ref, later_rows = embedded(folder, tmp_path / "store", task=task, sample=sample)
    assert later.artifacts.id != run.artifacts.id
    assert laid_through(later_ref) == laid_through(ref)  # else everything is read: with other seeds it isn't
    touched: list[str] = []

    def watched(artifacts: Artifacts, ref: DatasetRef, partition: Partition, beside: Any) -> Any:
        touched.append(partition.pieces[0].file)
        return load_learnt(artifacts, ref, partition, beside)

    monkeypatch.setattr(sufficient_statistics, "load_learnt", watched)
    found = passed(later, later_ref, later_rows)
    assert any(each.duplicates for each in later_ref.partitions)
    assert set(touched) == {"0.parquet", "2.parquet", "3.parquet", "4.parquet"}
    assert len(touched) == 6  # of 3 and 4 the old and the new
    fresh, fresh_ref, fresh_rows = embedded(folder, tmp_path / "other", task=task, sample=sample)
    assert_same(found, passed(fresh, fresh_ref, fresh_rows))
    assert found.first.sums.count.sum() == later_rows == fresh_rows


def put_rings(folder: Path, name: str, *, seed: int) -> None:
    """Rows of classes one around the other, which only probes of random features tell apart."""
    rng = np.random.default_rng(seed)
    labels, angle = rng.integers(3, size=RINGED), rng.uniform(0, 2 * np.pi, RINGED)
    radius = 1 + 1.5 * labels + rng.normal(scale=0.2, size=RINGED)
    vectors = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float16)
    table = pa.table(
        {
            "id": [f"{seed} {row}" for row in range(RINGED)],
            "label": [f"c{label}" for label in labels],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 2),
        }
    )
    pq.write_table(table, folder / name)


@pytest.mark.parametrize("sample", [500, 10_000])
def test_sums_of_random_features_are_updated_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(1, 9):
        put_rings(folder, f"{number}.parquet", seed=number)
    first = passed(*(before := embedded(folder, tmp_path / "store", sample=sample))).first
    claim_version(before[0].artifacts.store, "d", before[0].artifacts.id, "manifest.json")
    (folder / "2.parquet").unlink()
    put_rings(folder, "9.parquet", seed=9)
    mapped: list[Partition] = []
    monkeypatch.setattr(mapped_sums, "map_partition", lambda partition, **_: mapped.append(partition))
    found = passed(*embedded(folder, tmp_path / "store", sample=sample)).first
    assert not mapped  # a partition that stayed is not read again
    monkeypatch.undo()
    fresh = passed(*embedded(folder, tmp_path / "other", sample=sample)).first
    for one in (first, found, fresh):
        assert one.sums.mapped is not None
        assert one.sums.mapped.sums.count.sum() == 8 * RINGED
        gram = one.sums.mapped.sums.without().gram
        np.testing.assert_allclose(np.trace(gram), 8 * RINGED, rtol=1e-5)
    assert found.sums.mapped.random.same(fresh.sums.mapped.random)  # type: ignore[union-attr]
    assert_same_rows(found, fresh)
    for name in ("mapped.total", "mapped.gram"):
        np.testing.assert_allclose(found.sums.arrays[name], fresh.sums.arrays[name], atol=1e-3)


def test_without_such_probes_nothing_is_mapped(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    put_rings(folder, "1.parquet", seed=1)
    asked = passed(*embedded(folder, tmp_path / "store")).first
    assert asked.sums.mapped is not None
    plain = passed(*embedded(folder, tmp_path / "other", probes=["lda"])).first
    assert plain.sums.mapped is None


@pytest.mark.parametrize(
    ("task", "codes"), [("classification", {0, 1, 2}), ("multilabel", None), ("regression", {0})]
)
def test_whatever_the_labels_are_the_sums_are_those_of_all_rows(
    tmp_path: Path, task: str, codes: set[int] | None
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(3):
        put(folder, f"{number}.parquet", seed=number, first=number * ROWS, task=task)
    found = passed(*embedded(folder, tmp_path / "store", task=task))
    table = pq.read_table(folder)
    vectors = np.array(table["vector"].to_pylist(), np.float64)
    sums = found.first.sums.without()
    assert sums.count.sum() == len(vectors) == len(found.first.sample.given)
    np.testing.assert_allclose(sums.total.sum(axis=0), vectors.sum(axis=0), atol=1e-4)
    np.testing.assert_allclose(sums.gram, vectors.T @ vectors, rtol=1e-5, atol=1e-3)
    given = set(found.contents["given"].to_pylist())
    assert given == codes if codes else len(given) == 3  # no, one or two classes


def test_a_stage_reads_what_it_needs_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    put(folder, "0.parquet", seed=0, first=0)
    run, ref, rows = embedded(folder, tmp_path / "store")
    passed(run, ref, rows)
    names: list[str] = []
    read = Store.read
    monkeypatch.setattr(
        Store, "read", lambda store, name: names.append(name.rpartition("/")[2]) or read(store, name)
    )
    by_stage = {}
    for stage, reading in (("treat", rows_by_class), ("detect, validate", read_first_pass)):
        names.clear()
        reading(run.artifacts)
        by_stage[stage] = list(names)
    assert by_stage == {"treat": ["counts.json"], "detect, validate": ["sums.npz", "sample.npz"]}


@pytest.mark.parametrize("change", [{"folds": 4}, {"sample": 100}])
def test_another_configuration_is_a_pass_over_everything(tmp_path: Path, change: dict[str, int]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(1, 9):
        put(folder, f"{number}.parquet", seed=number, first=number * ROWS)
    run, ref, rows = embedded(folder, tmp_path / "store")
    passed(run, ref, rows)
    claim_version(run.artifacts.store, "d", run.artifacts.id, "manifest.json")
    again = embedded(folder, tmp_path / "store", **change)
    assert_same(passed(*again), passed(*embedded(folder, tmp_path / "other", **change)))


def test_a_part_that_went_and_is_read_no_more_means_a_pass_over_everything(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(1, 9):
        put(folder, f"{number}.parquet", seed=number, first=number * ROWS)
    run, ref, rows = embedded(folder, tmp_path / "store")
    passed(run, ref, rows)
    claim_version(run.artifacts.store, "d", run.artifacts.id, "manifest.json")
    run.artifacts.store.delete(run.artifacts.embedding(ref.encoder_key, ref.partitions[1]))
    (folder / "2.parquet").unlink()
    later = embedded(folder, tmp_path / "store")
    assert_same(passed(*later), passed(*embedded(folder, tmp_path / "other")))


@pytest.mark.parametrize("count", [1, 7, 8, 9, 64, 65, 700])
def test_a_tree_combines_everything_once_in_order(count: int) -> None:
    sizes: list[int] = []

    def combine(parts: Any) -> list[int]:
        sizes.append(len(parts))
        return [item for part in parts for item in part]

    found = reduce_partitions("embed", lambda item: [item], combine, range(count))
    assert found == list(range(count))
    assert max(sizes) <= 8


def test_the_share_of_a_sample_changes_only_where_the_rows_double() -> None:
    assert [share_of(100, rows) for rows in (0, 1, 100, 101, 200, 201, 1600)] == [
        1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 1 / 16
    ]  # fmt: skip
