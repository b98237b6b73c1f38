"""What judges are shown of rows: texts, images by bytes and by path, columns as a text; as ordered."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from labelworks.tasks.methods.judges.question import Content, data_url
from labelworks.tasks.planning.open_run import plan_run
from labelworks.tasks.treat.judging.row_contents import row_contents


def picture(red: int) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (3, 3), (red, 0, 0)).save(sink, "PNG")
    return sink.getvalue()


@pytest.fixture
def shown(raw_config: Any, write: Any) -> Any:
    def shown(columns: dict[str, list[Any]], features: dict[str, Any], **dataset: Any) -> list[Content]:
        from labelworks.schemas.config.run import RunConfig

        count = len(next(iter(columns.values())))
        table = pa.table(
            {"id": [f"r{n}" for n in range(count)], "label": ["a", "b"] * (count // 2), **columns}
        )
        raw = raw_config(write(table, parts=1), dataset={"features": {"vector": None, **features}, **dataset})
        run, plans = plan_run(RunConfig.model_validate(raw), {})
        (partition,) = plans["source"].partitions
        return row_contents((partition, [3, 0, 2]), run.source)

    return shown


def test_texts(shown: Any) -> None:
    assert shown({"text": ["one", "two", " ", "four"]}, {"text": "text"}) == ["four", "one", None]


def test_columns_are_a_text(shown: Any) -> None:
    found = shown({"age": [1, 2, 3, 4], "tall": [0.5, 1.5, None, 3.5]}, {"columns": ["age", "tall"]})
    assert found == ["age: 4\ntall: 3.5", "age: 1\ntall: 0.5", "age: 3\ntall: None"]


def test_images(shown: Any, tmp_path: Path) -> None:
    pictures = [picture(40 * n) for n in range(4)]
    expected = [pictures[3], pictures[0], pictures[2]]
    assert shown({"image": pictures}, {"image": "image"}) == expected
    assert all(data_url(each).startswith("data:image/png;base64,") for each in expected)
    (tmp_path / "images").mkdir()
    for number, each in enumerate(pictures):
        (tmp_path / f"images/{number}.png").write_bytes(each)
    paths = [f"{number}.png" for number in range(4)]
    by_path = shown({"image": paths}, {"image": "image"}, image_root=str(tmp_path / "images"))
    assert by_path == expected
