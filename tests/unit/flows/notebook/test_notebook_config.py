"""What curate is given is checked before anything is written or started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import labelworks as lw
from labelworks.flows.notebook.inputs.run_config import config_of, given_config, is_config
from labelworks.schemas.config.run import RunConfig

TABLE = pd.DataFrame({"label": ["a", "b"], "text": ["one", "two"], "x": [1.0, 2.0]})
NOTHING = dict.fromkeys(("label", "id", "target", "time", "name", "task"))


def config(data: Any, store: Path, dataset: dict[str, Any], **features: Any) -> RunConfig:
    kinds = dict.fromkeys(("text", "image", "vector", "columns")) | features
    sections = dataset.pop("sections", {})
    return config_of(data, kinds, NOTHING | dataset, store / "store", sections)


def test_a_table_becomes_a_source(tmp_path: Path) -> None:
    made = config(TABLE, tmp_path, {"label": "label", "target": TABLE[:1]}, text="text")
    data = made.dataset
    assert data.name == "frame"
    assert data.features.text == "text"
    assert Path(data.source).parent == Path(str(data.target)).parent == tmp_path / "store-frames/frame"
    assert pd.read_parquet(str(data.target))["text"].tolist() == ["one"]
    again = config(TABLE, tmp_path, {"label": "label", "target": TABLE[:1]}, text="text")
    assert again == made


def test_vectors_may_be_an_array(tmp_path: Path) -> None:
    made = config(TABLE, tmp_path, {"label": "label"}, vector=np.ones((2, 3)))
    assert made.dataset.features.vector == "vector"
    assert len(pd.read_parquet(made.dataset.source)["vector"][0]) == 3


def test_files_are_named_after_their_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = config("data/rows.parquet", tmp_path, {"label": "label"}, columns=["x"])
    assert made.dataset.name == "rows"
    assert made.dataset.source == f"{tmp_path}/data/rows.parquet"


def test_of_a_folder_of_images_nothing_need_be_named(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "train/dog/2.jpg"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).touch()
    made = config(tmp_path / "pets", tmp_path, {}).dataset
    assert (made.label, made.features.image, made.id, made.name) == ("label", "image", "path", "pets")
    made = config(str(tmp_path / "pets"), tmp_path, {"label": "top", "id": "label"}).dataset
    assert (made.label, made.features.image, made.id) == ("top", "image", "label")
    (tmp_path / "pets/table.csv").write_text("text,label\n")
    with pytest.raises(lw.ConfigError, match="features are named by nothing"):
        config(tmp_path / "pets", tmp_path, {})


def test_sections_are_those_of_a_config(tmp_path: Path) -> None:
    sections = {"treat": {"mode": "relabel"}, "dataset": {"classes": ["a", "b"]}}
    made = config(TABLE, tmp_path, {"label": "label", "sections": sections}, text="text")
    assert made.treat.mode == "relabel"
    assert made.dataset.classes == ("a", "b")


@pytest.mark.parametrize(
    ("dataset", "features", "error", "says"),
    [
        ({}, {"text": "text"}, lw.ConfigError, "dataset.label"),
        ({"label": "label"}, {}, lw.ConfigError, "features are named by nothing"),
        ({"label": "label"}, {"text": "text", "columns": ["text"]}, lw.ConfigError, "is of two kinds"),
        (
            {"label": "lable"},
            {"text": "text"},
            lw.InputError,
            r"curate\(label=…\): there is no column 'lable'",
        ),
        (
            {"label": "label"},
            {"columns": ["x", "y"]},
            lw.InputError,
            "no column 'y', but 'label', 'text', 'x'",
        ),
        ({"label": "label", "task": "sorting"}, {"text": "text"}, lw.ConfigError, "task"),
        ({"label": "label", "sections": {"treet": {}}}, {"text": "text"}, lw.ConfigError, "treet.*\n.*treat"),
        (
            {"label": "label", "sections": {"detect": {"noise": {"method": "atuo"}}}},
            {"text": "text"},
            lw.ConfigError,
            r"detect.noise.method: unknown noise method 'atuo'",
        ),
    ],
)
def test_mistakes_are_said_and_nothing_is_written(
    dataset: dict[str, Any], features: dict[str, Any], error: type[Exception], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says):
        config(TABLE, tmp_path, dict(dataset), **features)
    assert list(tmp_path.iterdir()) == []


def test_vectors_beside_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(lw.ConfigError, match="vectors go with a table"):
        config("rows.parquet", tmp_path, {"label": "label"}, vector=np.ones((2, 3)))


def test_configs_are_taken_in_any_form(tmp_path: Path) -> None:
    raw = {
        "dataset": {"source": "/data/rows", "label": "y", "features": {"text": "t"}},
        "store": {"root": "/kept"},
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(raw))
    for each in (raw, tmp_path / "run.yaml", str(tmp_path / "run.yaml"), RunConfig.model_validate(raw)):
        assert is_config(each)
        assert given_config(each, {"label": None}) == RunConfig.model_validate(raw)
    for other in (TABLE, {"label": ["a"]}, {"dataset": ["a"]}, "rows.csv"):
        assert not is_config(other)


def test_a_config_says_all(tmp_path: Path) -> None:
    with pytest.raises(lw.ConfigError, match="a config is given, and label, store beside it"):
        lw.curate(tmp_path / "run.yaml", label="y", store="s")
    with pytest.raises(lw.ConfigError, match="no such file"):
        lw.curate(tmp_path / "run.yaml")
