"""Which columns `features: auto` stands for, and which encoder columns get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.execution.progress import Silent, telling
from labelworks.tasks.planning.open_run import plan_run

COLUMNS = {
    "index": [0, 1, 2],
    "key": ["a", "b", "c"],
    "age": [31, 44, None],
    "city": ["Rome", None, "Oslo"],
    "tags": [["x"], [], ["y"]],
    "label": ["no", "yes", "no"],
}


class Told(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def config(tmp_path: Path, features: Any, **dataset: Any) -> RunConfig:
    source = {
        "source": str(tmp_path / "data"),
        "label": "label",
        "id": "key",
        "features": features,
        **dataset,
    }
    return RunConfig.model_validate({"dataset": source, "store": {"root": str(tmp_path / "store")}})


def put(tmp_path: Path, name: str = "a.parquet", **columns: Any) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    pq.write_table(pa.table({**COLUMNS, **columns}), tmp_path / "data" / name)


def test_auto_takes_all_columns_without_another_role_and_says_so(tmp_path: Path) -> None:
    put(tmp_path)
    asked, told = config(tmp_path, "auto"), Told()
    with telling(told):
        run, _ = plan_run(asked, {})
    assert run.config.dataset.features.names == ("age", "city")
    assert run.config.encoder.name == "table"
    (note,) = told.notes
    assert note.endswith("features are 2 columns: age, city; left out, of no single values: tags")
    assert asked.dataset.features.auto
    assert run.artifacts.id == plan_run(asked, {})[0].artifacts.id


def test_a_csv_is_read_as_it_stands_so_that_a_file_s_first_rows_decide_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = pa.table({name: COLUMNS[name] for name in ("key", "age", "city", "label")})
    pa_csv.write_csv(table, tmp_path / "data/a.csv")
    run, plans = plan_run(config(tmp_path, "auto"), {})
    reader = run.source.reader(plans["source"].partitions[0])
    assert reader.table(["age"])["age"].to_pylist() == ["31", "44", None]


@pytest.mark.parametrize(
    ("columns", "encoder"), [(["age"], "auto"), (["age", "city"], "table"), (["city"], "table")]
)
def test_columns_that_are_numbers_alone_are_standardised_as_ever(
    tmp_path: Path, columns: list[str], encoder: str
) -> None:
    put(tmp_path)
    run, _ = plan_run(config(tmp_path, {"columns": columns}), {})
    assert (run.config.encoder.name, run.config.dataset.features.names) == (encoder, tuple(columns))


@pytest.mark.parametrize(
    ("features", "columns", "what"),
    [
        ({"columns": ["city", "height"]}, {}, "there is no column 'height'"),
        (
            {"columns": ["city", "tags"]},
            {},
            "column 'tags' is list<element: string>, but features.columns needs texts",
        ),
        ("auto", {"age": [[1], [2], [3]], "city": [None] * 3}, "no column is left for the features"),
    ],
)
def test_columns_that_can_t_be_features_are_refused(
    tmp_path: Path, features: Any, columns: Any, what: str
) -> None:
    put(tmp_path, **columns)
    with pytest.raises(InputError) as error:
        plan_run(config(tmp_path, features), {})
    assert what in str(error.value)
    assert "/data" in str(error.value)
    assert "dataset.task" not in str(error.value)  # which says what labels are


def test_a_file_that_lacks_a_column_is_put_aside(tmp_path: Path) -> None:
    put(tmp_path)
    pq.write_table(pa.table({"key": ["d"], "age": [1], "label": ["no"]}), tmp_path / "data/b.parquet")
    _, plans = plan_run(config(tmp_path, "auto"), {})
    ((aside),) = plans["source"].rejected
    assert aside["file"] == "b.parquet" and "city" in aside["reason"]
