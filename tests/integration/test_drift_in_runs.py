"""What a run tells of time, groups, columns, unknown classes and earlier batches, against what was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.errors import InputError
from labelworks.schemas.tables import published_target_schema, with_pseudo_labels
from tests.support.stages import run_stages

NOISE = 0.1
PLAIN = {"windows": {"by": "none"}, "groups": []}  # nothing by time or group
EARLY, LATE = np.array([0.5, 0.3, 0.1, 0.1]), np.array([0.1, 0.1, 0.3, 0.5])


def stream(
    rows: int, mixes: list[Any], *, seed: int, start: str, unknown: float = 0.0, noise: float = NOISE
) -> tuple[pa.Table, dict[str, Any]]:
    """Rows of months in order, each with its class mix; groups whose labels are more or less often wrong."""
    rng = np.random.default_rng(seed)
    month = np.sort(rng.integers(0, len(mixes), rows))
    true = np.array([rng.choice(4, p=mixes[each]) for each in month])
    site = rng.choice(["east", "west", "north"], rows, p=[0.4, 0.4, 0.2])
    strange = rng.random(rows) < unknown
    centres = np.eye(4, 8) * 6
    vectors = centres[true] + rng.normal(size=(rows, 8))
    vectors[strange] = -3 + rng.normal(size=(int(strange.sum()), 8)) / 2
    wrong = rng.random(rows) < np.where(site == "north", 3 * noise, noise / 2)
    given = np.where(wrong, (true + 1) % 4, true)
    days = np.datetime64(start, "D") + 0
    when = (np.datetime64(start, "M") + month).astype("datetime64[D]") + rng.integers(0, 28, rows)
    assert (when >= days).all()
    table = pa.table(
        {
            "id": [f"{start}-{row:05d}" for row in range(rows)],
            "vector": pa.array(vectors.astype(np.float32).tolist(), pa.list_(pa.float32())),
            "label": [f"class-{code}" for code in given],
            "day": pa.array(when),
            "site": site,
            "age": rng.normal(40 + (seed - 1) * 20, 10, rows),
        }
    )
    return table, {"month": month, "true": true, "site": site, "wrong": wrong, "strange": strange}


@pytest.fixture
def asked(run_config: Any, write: Any) -> Any:
    """A config of a stream that changes its mix after half of its eight months."""

    def asked(**sections: Any) -> tuple[Any, dict[str, Any]]:
        table, truth = stream(1800, [EARLY] * 4 + [LATE] * 4, seed=1, start="2025-01")
        config = {"time": "day", **sections.pop("dataset", {})}
        looks = {"windows": {"by": "month"}, "groups": ["site"], "probes": ["lda", "ridge"]}
        detect = looks | sections.pop("detect", {})
        return run_config(write(table), dataset=config, detect=detect, **sections), truth

    return asked


def test_windows_of_the_dataset_show_when_its_true_mix_changed(asked: Any) -> None:
    config, truth = asked()
    record = run_stages(config)
    found = record.drift.time
    assert list(found.windows) == [f"2025-0{month}" for month in range(1, 9)]
    assert list(found.rows) == np.bincount(truth["month"]).tolist()
    mixes = np.array([np.bincount(truth["true"][truth["month"] == m], minlength=4) for m in range(8)])
    expected = mixes / mixes.sum(axis=1, keepdims=True)
    assert np.abs(np.array(found.prior) - expected).max() < 0.05
    assert [point.window for point in found.change_points] == ["2025-05"]
    noise = [truth["wrong"][truth["month"] == m].mean() for m in range(8)]
    assert np.abs(np.array(found.noise_rate) - noise).max() < 0.04
    effects = found.drift_effect
    assert effects[0] is None and effects[4] > 0.2 > max(effects[1:4])
    assert found.watch.alarm in ("2025-05", "2025-06")
    assert not record.gates["detect"].failed


def test_the_worst_group_is_named(asked: Any) -> None:
    config, truth = asked()
    record = run_stages(config)
    found = record.drift.groups["site"]
    told = {group.name: group for group in found.groups}
    for name, value in told.items():
        here = truth["site"] == name
        assert value.rows == here.sum()
        assert value.noise == pytest.approx(truth["wrong"][here].mean(), abs=0.04)
        assert value.total_variation < 0.1 and value.drift_effect < 0.2
    assert max(told, key=lambda name: told[name].noise) == "north"
    assert record.drift.slices is None
    assert set(record.validation.by_group) == {f"site: {name}" for name in told}
    page = Path(record.report).read_text()
    assert "north" in page and "2025-05" in page and "Labelled rows over time" in page


def test_without_groups_slices_are_looked_at(asked: Any) -> None:
    config, _ = asked(detect={"groups": [], "slices": 6})
    found = run_stages(config).drift.slices
    assert found.number == len(found.groups) == 6
    assert all(group.rows and len(group.examples) == 3 for group in found.groups)
    assert {name for group in found.groups for name in group.main_classes} == {f"class-{k}" for k in range(4)}


def test_a_target_in_time_order_with_unknown_classes(asked: Any, write: Any, tmp_path: Path) -> None:
    table, truth = stream(1200, [EARLY, EARLY, LATE, LATE], seed=2, start="2025-09", unknown=0.15)
    target = write(table.drop_columns(["label", "site"]), "target")
    config, _ = asked(dataset={"target": str(target)}, detect={"columns": ["age"], "groups": []})
    record = run_stages(config)
    assert record.shift.kind == "open-set"
    share = truth["strange"].mean()
    assert record.shift.unknown.share == pytest.approx(share, abs=0.03)
    assert record.shift.unknown.new_classes == 1
    strange = set(np.array(table["id"].to_pylist())[truth["strange"]])
    assert set(record.shift.unknown.largest[0].examples) <= strange
    known = truth["true"][~truth["strange"]]
    assert record.classes == tuple(f"class-{k}" for k in range(4))
    prior = np.array(record.shift.prior)
    assert np.abs(prior - np.bincount(known) / len(known)).max() < 0.04
    over = record.drift.target_time
    assert over.windows == ("2025-09", "2025-10", "2025-11", "2025-12")
    for month, told in enumerate(over.prior):
        here = truth["true"][(truth["month"] == month) & ~truth["strange"]]
        assert np.abs(np.array(told) - np.bincount(here, minlength=4) / len(here)).max() < 0.06
    worst = record.shift.drift.features
    assert len(worst) == 5 and 0.001 < worst[4].effect <= worst[0].effect <= 1
    assert record.drift.columns["age"].effect > 0.3
    warned = {check.name for check in record.gates["detect"].warned}
    assert {"max_unknown_share", "max_column_drift_effect"} <= warned


def test_the_target_is_published_with_corrected_posteriors(asked: Any, write: Any, tmp_path: Path) -> None:
    table, truth = stream(900, [LATE], seed=3, start="2025-09", unknown=0.1)
    target = write(table.drop_columns(["label"]), "target")
    config, _ = asked(dataset={"target": str(target)}, detect=PLAIN)
    record = run_stages(config)
    folder = tmp_path / "store/made/runs" / record.run_id
    assert all(name.startswith("publish/target/") for name in record.target_parts)
    rows = pa.concat_tables([pq.read_table(folder / name) for name in record.target_parts]).sort_by("id")
    assert rows.schema.equals(published_target_schema(pa.string()))
    assert rows["id"].to_pylist() == sorted(table["id"].to_pylist())
    posterior = np.array(rows["posterior"].to_pylist())
    assert np.allclose(posterior.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(posterior.max(axis=1), rows["confidence"].to_numpy())
    predicted = np.array([int(name[-1]) for name in rows["predicted"].to_pylist()])
    assert (posterior.argmax(axis=1) == predicted).all()
    kept = np.array([name is not None for name in rows["label"].to_pylist()])
    doubtful = rows["doubtful"].to_numpy(zero_copy_only=False)
    unknown = rows["unknown"].to_numpy() > 0.5
    assert (kept == ~(doubtful | unknown)).all()
    assert (unknown == truth["strange"]).mean() > 0.97
    assert (predicted == truth["true"])[kept].mean() > 0.99
    assert record.shift.adapted.model_dump() == {
        "rows": 900, "doubtful": int(doubtful.sum()), "unknown": int(unknown.sum())
    }  # fmt: skip


def test_rows_of_the_target_get_pseudo_labels_that_say_so(asked: Any, write: Any, tmp_path: Path) -> None:
    table, truth = stream(900, [LATE], seed=3, start="2025-09", unknown=0.1)
    detect = {**PLAIN, "pseudo_labels": {"precision": 0.9}}
    config, _ = asked(dataset={"target": str(write(table.drop_columns(["label"]), "target"))}, detect=detect)
    record = run_stages(config)
    told, folder = record.shift.pseudo_labels, tmp_path / "store/made/runs" / record.run_id
    rows = pa.concat_tables([pq.read_table(folder / name) for name in record.target_parts]).sort_by("id")
    assert rows.schema.equals(with_pseudo_labels(published_target_schema(pa.string())))
    labels = rows["label"].to_pylist()
    taken = np.array([label is not None for label in labels])
    right = np.array([label == f"class-{code}" for label, code in zip(labels, truth["true"], strict=True)])
    assert (rows["pseudo"].to_numpy(zero_copy_only=False) == taken).all()
    assert not (taken & truth["strange"]).any()
    assert right[taken].mean() > 0.9 and taken[~truth["strange"]].mean() > 0.8
    assert told.rows == taken.sum() == sum(told.by_class) and told.why_none == ""
    assert rows["claim"].to_numpy()[taken].mean() == pytest.approx(told.claimed, abs=1e-6)
    assert told.interval[0] <= told.precision <= told.interval[1]
    assert not record.gates["publish"].failed
    assert "got a pseudo-label" in Path(record.report).read_text()


def test_no_row_is_labelled_where_the_classes_look_different(
    run_config: Any, write: Any, tmp_path: Path
) -> None:
    source, target = (stream(300, [EARLY], seed=seed, start="2025-01")[0] for seed in (1, 2))
    vectors = np.array(target["vector"].to_pylist(), np.float32) + 3
    moved = target.drop_columns(["label", "vector"]).append_column(
        "vector", pa.array(vectors.tolist(), pa.list_(pa.float32()))
    )
    asked = {"dataset": {"target": str(write(moved, "target"))}, "detect": {"pseudo_labels": {}}}
    record = run_stages(run_config(write(source), **asked))
    folder = tmp_path / "store/made/runs" / record.run_id
    rows = pa.concat_tables([pq.read_table(folder / name) for name in record.target_parts])
    assert rows["label"].null_count == rows["claim"].null_count == 300
    assert not any(rows["pseudo"].to_pylist())
    assert "look different" in record.shift.pseudo_labels.why_none


def test_the_alarm_remembers_the_batches_of_earlier_versions(
    made: Any, write: Any, run_config: Any, tmp_path: Path
) -> None:
    table, lda = made(rows=450, noise=0.05, dim=8).table, {"probes": ["lda"]}
    source = write(table.slice(0, 150), parts=1)
    assert run_stages(run_config(source, detect=lda)).drift.watch is None
    pq.write_table(table.slice(150, 150), source / "part-1.parquet")
    second = run_stages(run_config(source, detect=lda))
    assert second.drift.watch.looks == 1 and second.drift.watch.alarm is None
    moved = table.slice(300).to_pylist()
    for row in moved:
        row["vector"] = [value + 4 for value in row["vector"]]
    pq.write_table(pa.Table.from_pylist(moved, table.schema), source / "part-2.parquet")
    third = run_stages(run_config(source, detect=lda)).drift.watch
    assert third.looks == 2
    assert third.batches[0].run == second.run_id
    assert third.batches[1].effect > 0.2 and third.e_value > second.drift.watch.e_value
    other = run_stages(run_config(source, detect=lda, treat={"mode": "relabel"})).drift.watch
    assert other.looks == 2  # nothing new came: no look


def test_a_column_that_isn_t_there_is_said_before_any_work(asked: Any) -> None:
    config, _ = asked(detect={"groups": ["sight"]})
    with pytest.raises(InputError, match=r"no column 'sight' \(for detect.groups"):
        run_stages(config)


def test_a_column_of_ids_is_no_group(asked: Any) -> None:
    config, _ = asked(detect={"groups": ["id"]})
    with pytest.raises(InputError, match="'id' has 1,800 different values, 1,000 are the most"):
        run_stages(config)
