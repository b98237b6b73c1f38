"""What `labelworks classes` prints is taken by a run as it is, and the run says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from labelworks.flows.cli.output import plain
from labelworks.schemas.config.load import load_config
from labelworks.tasks.report.texts.key_figures import key_figures
from tests.support.stages import run_stages


def test_a_proposed_mapping_is_applied_and_told(
    made: Any, write: Any, run_config: Any, published: Any, command: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    table = made().table
    labels = table["label"].to_pylist()
    slips = {row: labels[row].upper() for row in range(0, 120, 12)}
    given = pa.array([slips.get(row, label) for row, label in enumerate(labels)])
    source = write(table.set_column(table.column_names.index("label"), "label", given))
    config = run_config(source)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(plain(config)))

    code, printed, _ = command("classes", "config.yaml")
    (tmp_path / "mapping.yaml").write_text(printed)
    assert code == 0
    assert yaml.safe_load(printed) == {label: label.lower() for label in sorted(set(slips.values()))}

    record = run_stages(load_config("config.yaml", ["dataset.class_mapping=mapping.yaml"]))
    assert set(record.classes) == set(labels)
    assert sum(each.labels for each in record.renamed_classes) == len(slips)
    told = {name: (value, remark) for name, value, remark in key_figures(record)}
    assert told["class mapping"][1] == f"{len(slips)} labels renamed"
    assert "<h2>Class mapping</h2>" in Path(record.report).read_text()
    assert set(published(config)["original_label"].to_pylist()) == set(labels)

    code, printed, _ = command("classes", "config.yaml", "--json")
    assert f"what run {record.run_id} confused" in yaml.safe_load(printed)["about"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("data.csv", "--label", "size"), "holds no classes"),
        (("data.csv", "--label", "lable"), "there is no column 'lable'"),
        (("nowhere.yaml",), "no such file"),
        (("rules.yaml",), "labels made of rules have no column"),
    ],
)
def test_what_has_no_classes_is_refused(
    command: Any, tmp_path: Path, monkeypatch: Any, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("text,size,label\n" + "a b,1.5,x\nb c,2.25,y\nc d,3.75,x\n" * 9)
    rules = [{"name": name, "label": name, "matches": name} for name in ("a", "b")]
    dataset = {"source": "data.csv", "features": {"text": "text"}, "rules": rules}
    Path("rules.yaml").write_text(yaml.safe_dump({"dataset": dataset}))
    code, out, err = command("classes", *arguments)
    assert (code, out) == (2, "") and said in err
