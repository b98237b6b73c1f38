"""Tables as files of a run: the same table is the same file, whatever library holds it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from labelworks.flows.notebook.inputs.frames import as_arrow, with_vectors, written
from labelworks.schemas.config.run import StoreConfig
from labelworks.schemas.errors import InputError

COLUMNS: dict[str, list[Any]] = {"label": ["a", "b", None], "size": [1, 2, 3]}


def test_tables_of_any_library_are_the_same() -> None:
    for made in (dict, pd.DataFrame, pl.DataFrame, pa.table, datasets.Dataset.from_dict):
        assert as_arrow(made(COLUMNS)).to_pydict() == COLUMNS


def test_rows_that_a_dataset_selects_are_those_written() -> None:
    chosen = datasets.Dataset.from_dict(COLUMNS).select([2, 0])
    assert as_arrow(chosen).to_pydict() == {"label": [None, "a"], "size": [3, 1]}


def test_names_of_classes_in_a_dataset_are_kept() -> None:
    from labelworks.tasks.sources.values.columns import class_names

    features = datasets.Features({"label": datasets.ClassLabel(names=["cat", "dog"])})
    table = as_arrow(datasets.Dataset.from_dict({"label": [1, 0]}, features=features))
    assert class_names(table.schema, ("label",)) == ["cat", "dog"]


def test_pictures_are_written_as_they_are(tmp_path: Path) -> None:
    picture = Image.new("RGB", (3, 2), (250, 0, 0))
    picture.save(tmp_path / "picture.png")
    features = datasets.Features({"image": datasets.Image()})
    files = datasets.Dataset.from_dict({"image": [str(tmp_path / "picture.png")]}, features=features)
    for table in (as_arrow(pd.DataFrame({"image": [picture]})), as_arrow(files)):
        value = table["image"][0].as_py()
        data = value if isinstance(value, bytes) else value["bytes"]
        assert Image.open(io.BytesIO(data)).getpixel((0, 0)) == (250, 0, 0)


def test_vectors_may_come_beside() -> None:
    vectors = np.arange(6, dtype=np.float16).reshape(3, 2)
    table = with_vectors(pd.DataFrame(COLUMNS), vectors)
    assert table["vector"].to_pylist() == vectors.tolist()
    assert table.schema.field("vector").type == pa.list_(pa.float16(), 2)
    with pytest.raises(InputError, match="data has a column 'vector'"):
        with_vectors(table, vectors)
    with pytest.raises(InputError, match="vector has 2 rows, data 3"):
        with_vectors(COLUMNS, vectors[:2])
    with pytest.raises(InputError, match="int64"):
        with_vectors(COLUMNS, vectors.astype(int))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pd.DataFrame({"x": ["a", 1]}), "column 'x' holds int, str"),
        (pd.DataFrame({"x": [object()]}), "column 'x' holds object"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "two columns have the same name"),
        ([1, 2], "give a table"),
    ],
)
def test_what_no_file_holds_is_refused(table: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        as_arrow(table)
    assert caught.value.where.startswith("data")
    assert caught.value.fix


def test_a_table_is_written_once_beside_the_store(tmp_path: Path) -> None:
    store = StoreConfig(root=f"{tmp_path}/store")
    first = written(pd.DataFrame(COLUMNS), store, {}, "rows")
    assert Path(first).parent == tmp_path / "store-frames/rows"
    assert pq.read_table(first).to_pydict() == COLUMNS
    before = Path(first).stat().st_mtime_ns
    assert written(pd.DataFrame(COLUMNS), store, {}, "rows") == first
    assert Path(first).stat().st_mtime_ns == before
    assert written(pd.DataFrame(COLUMNS).assign(size=7), store, {}, "rows") != first
    assert not (tmp_path / "store").exists()
