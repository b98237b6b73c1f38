"""Cards and Croissant of a published version: mlcroissant reads the rows by it, datasets by the card."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.support.stages import run_stages


@pytest.fixture(scope="module")
def mlcroissant() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("mlcroissant")


def test_both_are_published_beside_the_parts(
    made: Any, write: Any, run_config: Any, command: Any, mlcroissant: Any
) -> None:
    about = {
        "title": "Made rows",
        "license": "cc-by-4.0",
        "description": "Made for a test.",
        "creator": "Nobody",
    }
    config = run_config(
        write(made().table), dataset={"about": about}, publish={"also": ["card", "croissant"]}
    )
    record = run_stages(config)
    card, croissant = Path(record.exports["card"]), Path(record.exports["croissant"])
    assert card.parent == croissant.parent == Path(config.store.root) / "made/runs" / record.run_id
    _reads(mlcroissant, croissant, record.rows)
    _loads(card.parent, record.rows)
    shown = ("--store", config.store.root)
    assert command("export", "card", *shown)[1] == card.read_text()
    assert json.loads(command("export", "croissant", *shown)[1]) == json.loads(croissant.read_text())
    assert "<h2>What is in this version</h2>" in Path(record.report).read_text()


def _reads(mlcroissant: Any, file: Path, rows: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(jsonld=file)
        assert dataset.metadata.ctx.issues.errors == set()
        assert dataset.metadata.license == ["cc-by-4.0"]
        read = list(dataset.records("rows"))
    assert len(read) == rows
    assert read[0]["rows/id"].startswith(b"row-")
    assert len(read[0]["rows/soft_label"]) == 3


def _loads(folder: Path, rows: int) -> None:
    import datasets

    loaded = datasets.load_dataset(str(folder), cache_dir=str(folder / "cache"), split="train")
    assert loaded.num_rows == rows
