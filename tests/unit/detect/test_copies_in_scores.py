"""What copies say is in the scores: one object a partition, made once, whatever stopped the run before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.stage_results import StageResult
from labelworks.schemas.suites import defaults
from labelworks.tasks.artifacts.scores import JUDGED
from labelworks.tasks.detect.stage import detect
from labelworks.tasks.embed.stage import embed_group, fit_encoder, judge_embedding
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.methods.treatment.cut import even
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import policy_of
from labelworks.tasks.storage.store import Store
from labelworks.tasks.treat.treat_partition import treat_partition
from labelworks.tasks.treat.treated import Basis

ROWS, CLASSES, DIM = 200, 3, 5  # of each of three files
HEARD = {0: [0, 1], 1: [10, 11]}  # rows of the first are copied in the second with another label


def tables() -> Iterator[pa.Table]:
    random = np.random.default_rng(0)
    given = random.integers(0, CLASSES, (3, ROWS))
    vectors = (4 * np.eye(CLASSES, DIM)[given] + random.normal(size=(3, ROWS, DIM))).astype(np.float32)
    vectors[1, HEARD[1]], given[1, HEARD[1]] = vectors[0, HEARD[0]], (given[0, HEARD[0]] + 1) % CLASSES
    for part in range(3):
        yield pa.table(
            {
                "id": [f"r{part}-{row}" for row in range(ROWS)],
                "label": [f"c{code}" for code in given[part]],
                "vector": pa.array(vectors[part].tolist(), pa.list_(pa.float32())),
            }
        )


@pytest.fixture
def embedded(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Run, DatasetRef, Any]:
    """A run, its reference after embed, and what detect is told of the rows."""
    (tmp_path / "data").mkdir()
    for part, table in enumerate(tables()):
        pq.write_table(table, tmp_path / f"data/{part}.parquet")
    dataset = {
        "name": "d", "source": str(tmp_path / "data"), "id": "id", "label": "label",
        "features": {"vector": "vector"},
    }  # fmt: skip
    raw = {
        "dataset": dataset,
        "store": {"root": str(tmp_path / "store")},
        "compute": {"partition_rows": ROWS},
    }
    run, plans = plan_run(RunConfig.model_validate({**raw, "detect": getattr(request, "param", {})}), {})
    found = ingest(run, plans)
    spec = fit_encoder(run, found.ref, "cpu", 1)
    done = embed_group.fn(found.ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    return run, judge_embedding(run, found.ref, spec, done, perf_counter()).ref, found.figures


def again(run: Run, ref: DatasetRef, rows: Any) -> StageResult:
    """Detect as it goes on after it was stopped before its end."""
    run.artifacts.store.delete(run.artifacts.file("detect", "result.json"))
    return detect(run, ref, rows)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names of the objects that are read as tables, and of those that are written."""
    names: dict[str, list[str]] = {"read_table": [], "write": []}

    def watch(method: str) -> None:
        called = getattr(Store, method)

        def watching(self: Store, name: str, *rest: Any, **options: Any) -> Any:
            names[method].append(name)
            return called(self, name, *rest, **options)

        monkeypatch.setattr(Store, method, watching)

    for method in names:
        watch(method)
    return names


def scores_of(run: Run, ref: DatasetRef) -> dict[str, pa.Table]:
    names = [run.artifacts.scores(ref, each) for each in ref.of("source")]
    return {name: run.artifacts.store.read_table(name) for name in names}


def test_rows_whose_copies_disagree_are_judged_again_and_no_others(embedded: Any) -> None:
    run, ref, rows = embedded
    found = detect(run, ref, rows).ref
    assert [bool(each.copies) for each in found.of("source")] == [True, True, False]
    errors = []
    for place, partition in enumerate(found.of("source")):
        scores = run.artifacts.store.read_table(run.artifacts.scores(found, partition))
        heard = np.flatnonzero(scores["copies_disagree"].to_numpy())
        assert heard.tolist() == HEARD.get(place, [])
        posterior = np.stack(scores["posterior"].to_pylist())
        np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-5)
        errors.append(scores["error_probability"].to_numpy()[heard])
    assert (errors[0] + errors[1] > 0.9).all()  # of two labels of one content one is wrong
    assert run.artifacts.store.names(f"{run.artifacts.folder}/detect") == {
        "result.json", "row_facts.parquet", "sample-rows.parquet", "watch.json",
    }  # fmt: skip
    assert len(run.artifacts.store.names(f"d/scores/{found.model_key}")) == 3


def test_treat_reads_one_object_of_a_partition(embedded: Any, watched: dict[str, list[str]]) -> None:
    run, ref, rows = embedded
    found = detect(run, ref, rows).ref
    watched["read_table"].clear()
    partition = found.of("source")[0]
    basis = Basis(policy_of(TreatConfig()), np.full(CLASSES, float(ROWS)), 3 * ROWS, even(0.9, CLASSES))
    treat_partition(partition, run.artifacts, found, basis, defaults("treat").rows)
    assert watched["read_table"] == [run.artifacts.scores(found, partition)]
    reasons = run.artifacts.store.read_table(run.artifacts.treated(found, partition))["reason"].to_pylist()
    told = [row for row, reason in enumerate(reasons) if reason.endswith("; copies disagree")]
    assert told == HEARD[0]


def test_scores_of_a_version_that_heard_no_copies_are_treated_without_them(embedded: Any) -> None:
    run, ref, rows = embedded
    found = detect(run, ref, rows).ref
    partition = found.of("source")[0]
    name = run.artifacts.scores(found, partition)
    scores = run.artifacts.store.read_table(name)
    run.artifacts.store.write_table(name, scores.drop_columns(["copies_disagree"]))
    basis = Basis(policy_of(TreatConfig()), np.full(CLASSES, float(ROWS)), 3 * ROWS, even(0.9, CLASSES))
    treat_partition(partition, run.artifacts, found, basis, defaults("treat").rows)
    treated = run.artifacts.store.read_table(run.artifacts.treated(found, partition))
    assert treated["id"].equals(scores["id"])
    assert not any("copies" in reason for reason in treated["reason"].to_pylist())


@pytest.mark.parametrize("lost", [[0], [2], [0, 1, 2]])
def test_a_run_that_was_stopped_ends_with_the_same_scores(
    embedded: Any, watched: dict[str, list[str]], lost: list[int]
) -> None:
    run, ref, rows = embedded
    found = detect(run, ref, rows).ref
    kept, sources = scores_of(run, found), found.of("source")
    for place in lost:
        run.artifacts.store.delete(run.artifacts.scores(found, sources[place]))
    watched["write"].clear()
    result = again(run, ref, rows)
    assert result.ref == found
    assert scores_of(run, found) == kept
    assert result.work["scored_rows"] == ROWS * len(lost)
    written = [name for name in watched["write"] if "/scores/" in name]
    assert sorted(written) == sorted(run.artifacts.scores(found, sources[place]) for place in lost)


@pytest.mark.parametrize("embedded", [{"tolerance": 0.01}], indirect=True)
def test_with_a_tolerance_rows_are_not_judged_again_where_only_copies_changed(embedded: Any) -> None:
    run, ref, rows = embedded
    found = detect(run, ref, rows).ref
    kept = scores_of(run, found)
    alone = found.of("source")[0].model_copy(update={"copies": ""})
    before = run.artifacts.store.read_table(run.artifacts.scores(found, alone), list(JUDGED)).to_pandas()
    heard = run.artifacts.store.read_table(
        run.artifacts.scores(found, found.of("source")[0]), list(JUDGED)
    ).to_pandas()
    assert not before["copies_disagree"].any()
    pd.testing.assert_frame_equal(before.drop(index=HEARD[0]), heard.drop(index=HEARD[0]))
    assert (before.loc[HEARD[0], "error_probability"] != heard.loc[HEARD[0], "error_probability"]).all()
    for partition in found.of("source")[:2]:
        run.artifacts.store.delete(run.artifacts.scores(found, partition))
    assert again(run, ref, rows).work["scored_rows"] == 0
    assert scores_of(run, found) == kept
