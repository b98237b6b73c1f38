"""The plan: partitions from listings and footers; files set aside with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.execution.progress import Silent, telling
from labelworks.tasks.planning.plan import plan_window
from labelworks.tasks.planning.run import identify
from labelworks.tasks.sources.column_roles import fits, label_family


def config(folder: Path, **sections: Any) -> RunConfig:
    dataset = {"source": str(folder), "label": "label", "features": {"text": "text"}}
    return RunConfig.model_validate({"dataset": dataset, **sections})


def put(path: Path, rows: int, label: Any = "a", group: int = 10) -> None:
    table = pa.table({"text": ["t"] * rows, "label": [label] * rows})
    pq.write_table(table, path, row_group_size=group)


def test_a_file_is_cut_at_row_groups(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", 45)
    put(tmp_path / "b.parquet", 5)
    plan = plan_window(config(tmp_path, compute={"partition_rows": 25}), "source", {})
    pieces = [piece for part in plan.partitions for piece in part.pieces]
    assert [(piece.file, piece.row_groups, piece.first_row, piece.rows) for piece in pieces] == [
        ("a.parquet", (0, 1), 0, 20), ("a.parquet", (2, 3, 4), 20, 25),
        ("b.parquet", (0,), 0, 5),
    ]  # fmt: skip
    assert len({part.key for part in plan.partitions}) == 3


@pytest.mark.parametrize(
    ("names", "split", "said"),
    [
        (("train.parquet", "test.parquet"), None, "named by splits (test, train)"),
        (("train/a.parquet", "dev/a.parquet"), None, "write it into a column that dataset.split names"),
        (("train.parquet", "test.parquet"), "text", None),
        (("train-0.parquet", "train-1.parquet"), None, None),
        (("train.parquet", "more.parquet"), None, None),
        (("test.parquet", "dev.parquet"), None, None),
    ],
)
def test_files_named_by_splits_are_said_where_none_is_asked_for(
    tmp_path: Path, names: tuple[str, ...], split: str | None, said: str | None
) -> None:
    notes: list[str] = []

    class Noting(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        put(tmp_path / name, 5)
    settings = config(tmp_path)
    with telling(Noting()):
        plan_window(
            settings.model_copy(update={"dataset": settings.dataset.model_copy(update={"split": split})}),
            "source", {},
        )  # fmt: skip
    assert [said in note for note in notes] == [True] if said else notes == []


def test_arrays_named_by_splits_say_which_column_holds_them(tmp_path: Path) -> None:
    notes: list[str] = []

    class Noting(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    for part in ("train", "test"):
        np.save(tmp_path / f"X_{part}.npy", np.eye(3))
        np.save(tmp_path / f"y_{part}.npy", np.arange(3))
    dataset = {"source": str(tmp_path), "label": "y", "features": {"vector": "X"}}
    with telling(Noting()):
        plan_window(RunConfig.model_validate({"dataset": dataset}), "source", {})
    assert len(notes) == 1
    assert "set dataset.split: split" in notes[0]


def test_a_field_of_a_struct_is_named_where_the_whole_is_no_label(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", 5, label={"name": "a"})
    with pytest.raises(InputError, match=r"is struct.*\n.*name a field of it, such as label\.name"):
        plan_window(config(tmp_path), "source", {})


def test_one_hot_rows_are_said_to_be_that_before_label_sets(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", 5, label=[0.0, 1.0])
    with pytest.raises(InputError, match="of one-hot rows give the places of the ones") as said:
        plan_window(config(tmp_path), "source", {})
    assert "set dataset.task: multilabel" in said.value.fix


def test_lists_in_a_csv_are_said_to_be_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,label\nt,"[""a"", ""b""]"\n')
    settings = config(tmp_path)
    data = settings.dataset.model_copy(update={"task": "multilabel"})
    with pytest.raises(InputError, match="write them as parquet or JSON Lines"):
        plan_window(settings.model_copy(update={"dataset": data}), "source", {})


def test_of_sentences_a_partition_has_fewer(tmp_path: Path) -> None:
    words = {"text": [["a", "b"]] * 40, "label": [["O", "B-x"]] * 40}
    pq.write_table(pa.table(words), tmp_path / "a.parquet", row_group_size=10)
    dataset = {
        "source": str(tmp_path), "task": "tokens", "label": "label", "features": {"tokens": "text"},
    }  # fmt: skip
    settings = RunConfig.model_validate({"dataset": dataset, "compute": {"partition_rows": 64 * 20}})
    assert [part.rows for part in plan_window(settings, "source", {}).partitions] == [20, 20]


def test_a_partition_s_key_and_the_run_s_id_follow_the_content(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", 20)
    settings = config(tmp_path)
    plan = plan_window(settings, "source", {})
    assert plan_window(settings, "source", {}).partitions == plan.partitions
    elsewhere = config(tmp_path, store={"root": "/other"}, compute={"workers": 7})
    assert identify(elsewhere, plan.fingerprints) == identify(settings, plan.fingerprints)
    assert identify(config(tmp_path, seed=1), plan.fingerprints) != identify(settings, plan.fingerprints)
    put(tmp_path / "a.parquet", 20, label="b")
    moved = plan_window(settings, "source", {})
    assert moved.partitions[0].key != plan.partitions[0].key
    assert identify(settings, moved.fingerprints) != identify(settings, plan.fingerprints)


def test_files_that_cannot_be_used_are_set_aside_with_a_reason(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        put(tmp_path / name, 10)
    put(tmp_path / "c-empty.parquet", 0)
    (tmp_path / "d-empty.csv").touch()
    (tmp_path / "e-corrupt.parquet").write_bytes(b"PAR1 and no more")
    put(tmp_path / "f-other.parquet", 10, label=3)
    pq.write_table(pa.table({"text": ["t"]}), tmp_path / "g-without.parquet")
    plan = plan_window(config(tmp_path), "source", {})
    assert [part.pieces[0].file for part in plan.partitions] == ["a.parquet", "b.parquet"]
    assert (plan.files, plan.empty_files, plan.label_type) == (7, 2, "string")
    reasons = {row["file"]: row["reason"] for row in plan.rejected}
    assert set(reasons) == {"e-corrupt.parquet", "f-other.parquet", "g-without.parquet"}
    assert "corrupt or truncated" in reasons["e-corrupt.parquet"]
    assert reasons["f-other.parquet"] == "mixed schemas: labels are int here and string elsewhere"
    assert "no column 'label'" in reasons["g-without.parquet"]


def test_a_target_window_needs_no_labels(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    put(tmp_path / "source/a.parquet", 10)
    (tmp_path / "target").mkdir()
    pq.write_table(pa.table({"text": ["t"] * 5}), tmp_path / "target/a.parquet")
    dataset = {**config(tmp_path / "source").dataset.model_dump(), "target": str(tmp_path / "target")}
    both = RunConfig.model_validate({"dataset": dataset})
    source, target = (plan_window(both, window, {}) for window in ("source", "target"))
    assert target.partitions[0].window == "target"
    assert not {part.key for part in source.partitions} & {part.key for part in target.partitions}


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "a.parquet", 0)
    with pytest.raises(InputError, match="the dataset is empty: no file has a row"):
        plan_window(config(tmp_path), "source", {})


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        (pa.string(), "text label id time"),
        (pa.string_view(), "text label id time"),
        (pa.dictionary(pa.int32(), pa.large_string()), "text label id time"),
        (pa.uuid(), "text label id time"),
        (pa.int16(), "label id time"),
        (pa.bool_(), "label"),
        (pa.float64(), "label id time"),
        (pa.decimal128(38, 0), "label id time"),
        (pa.decimal128(38, 2), "label id time"),
        (pa.timestamp("ns", "UTC"), "time"),
        (pa.time64("us"), ""),
        (pa.list_(pa.float16()), "vector"),
        (pa.list_(pa.int8(), 4), "vector"),
        (pa.list_view(pa.float32()), "vector"),
        (pa.fixed_shape_tensor(pa.float32(), [2, 2]), "vector"),
        (pa.list_(pa.string()), ""),
        (pa.binary(), "image"),
        (pa.binary_view(), "image"),
        (pa.struct({"bytes": pa.binary(), "path": pa.string()}), "image"),
        (pa.struct({"path": pa.string()}), ""),
        (pa.null(), "text label time"),
    ],
    ids=str,
)
def test_a_column_can_play_these_roles(kind: pa.DataType, roles: str) -> None:
    known = ("text", "image", "vector", "label", "id", "time")
    assert [role for role in known if fits(kind, role)] == roles.split()


def test_labels_are_kept_as_integers_or_strings() -> None:
    kinds = [pa.uint8(), pa.bool_(), pa.dictionary(pa.int8(), pa.string()), pa.null()]
    assert [label_family(kind) for kind in kinds] == ["int", "string", "string", "null"]


def test_a_file_that_is_far_too_large_and_cannot_be_cut_is_said(tmp_path: Path) -> None:
    notes: list[str] = []

    class Heard(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    (tmp_path / "big.csv").write_text("text,label\n" + "some text,a\n" * 1000)
    with telling(Heard()):
        plan_window(config(tmp_path, compute={"partition_bytes": 4000}), "source", {})
        assert notes == []
        plan_window(config(tmp_path, compute={"partition_bytes": 1000}), "source", {})
    (said,) = notes
    assert "big.csv are one partition, 12 times compute.partition_bytes" in said
