"""A mapping of classes is applied as labels are read; names that no label has are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import RenamedClass
from labelworks.tasks.ingest import stage as ingesting
from labelworks.tasks.ingest.label_counts import count_labels
from labelworks.tasks.planning.open_run import plan_run

LABELS = ["cards"] * 20 + ["Cards"] * 5 + ["test"] * 3 + ["Transfers"] * 20


def configured(folder: Path, labels: list[Any], **dataset: Any) -> RunConfig:
    (folder / "data").mkdir(exist_ok=True)
    table = pa.table({"text": ["t"] * len(labels), "label": labels, "day": ["2026-01-01"] * len(labels)})
    pq.write_table(table, folder / "data/a.parquet")
    section = {"source": str(folder / "data"), "label": "label", "features": {"text": "text"}, **dataset}
    return RunConfig.model_validate({"dataset": section, "store": {"root": str(folder / "store")}})


def ingested(folder: Path, labels: list[Any], **dataset: Any) -> Any:
    return ingesting.ingest(*plan_run(configured(folder, labels, **dataset), {}))


def test_classes_become_others_and_rows_put_aside_are_no_fault(tmp_path: Path) -> None:
    found = ingested(tmp_path, LABELS, class_mapping={"Cards": "cards", "test": None})
    assert found.ref.classes == ("Transfers", "cards")
    assert found.gate.ok and found.figures.similar_class_names == 0
    assert (found.figures.rows, found.figures.rejected_rows, found.figures.rejected_share) == (45, 3, 0.0)
    assert found.figures.renamed_classes == (
        RenamedClass(name="Cards", become="cards", labels=5),
        RenamedClass(name="test", become=None, labels=3),
    )


def test_whole_numbers_get_names(tmp_path: Path) -> None:
    found = ingested(tmp_path, [0, 1, 2, 2] * 10, class_mapping={0: "cat", 2: "dog"})
    assert (found.ref.classes, found.ref.label_type) == (("1", "cat", "dog"), "string")


def test_sources_whose_labels_are_of_two_types_become_one(tmp_path: Path) -> None:
    config = configured(tmp_path, ["cat", "dog"] * 10, class_mapping={0: "cat", 1: "dog"})
    pq.write_table(
        pa.table({"text": ["t"] * 20, "label": [0, 1] * 10, "day": ["2026-01-01"] * 20}),
        tmp_path / "data/b.parquet",
    )
    found = ingesting.ingest(*plan_run(config, {}))
    assert (found.ref.classes, found.figures.rows) == (("cat", "dog"), 40)


def test_a_name_that_no_label_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    mapping = {"Crads": "cards", "test": "cards"}
    with pytest.raises(InputError, match=r"dataset.class_mapping: no label is 'Crads'\n.*mean 'Cards'"):
        ingested(tmp_path, LABELS, class_mapping=mapping)
    window = {"time": "day", "window": "2026-01"}
    assert ingested(tmp_path, LABELS, class_mapping=mapping, **window).figures.rows == 48


def test_the_mapping_is_part_of_what_a_run_is_and_its_file_is_not(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("Cards: cards  # by mistake\n")
    runs = [
        plan_run(configured(tmp_path, LABELS, **given), {})[0].artifacts.id
        for given in (
            {},
            {"class_mapping": {"Cards": "cards"}},
            {"class_mapping": str(file)},
            {"class_mapping": {"Cards": "Transfers"}},
            {"class_mapping": {}},
        )
    ]
    assert runs[1] == runs[2] and runs[0] == runs[4] and len(set(runs)) == 3


def test_labels_are_counted_by_the_names_in_the_data(tmp_path: Path) -> None:
    run, plans = plan_run(configured(tmp_path, LABELS, class_mapping={"Cards": "cards", "test": None}), {})
    found = count_labels(run.source, plans["source"])
    assert found.counts == {"cards": 20, "Cards": 5, "test": 3, "Transfers": 20}
    assert (found.rows, found.together) == (48, None)


def test_of_several_labels_a_row_pairs_are_counted_too(tmp_path: Path) -> None:
    sets = [["a", "b"], ["b", "a", "c"], [], ["c"]]
    run, plans = plan_run(configured(tmp_path, sets, task="multilabel"), {})
    found = count_labels(run.source, plans["source"])
    assert (found.rows, found.counts) == (4, {"a": 2, "b": 2, "c": 2})
    assert found.together == {("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 1}
