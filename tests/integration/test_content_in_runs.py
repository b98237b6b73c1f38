"""Content issues of a run: in the record, the gate, the report; scores are kept beside the index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.made_images import encoded, picture, with_issue
from labelworks.schemas.suites import defaults
from labelworks.tasks.methods import registry
from tests.support.stages import run_stages

WORDS = ["river boat fish water", "engine wheel road car", "bread oven flour salt"]
ODD = {
    "mostly-symbols": ["%% && ## a " * 4, "== // [] b " * 4] * 3,
    "too-long": ["river and the boat in the water " * 60] * 4,
    "other-language": ["Вчера банкомат забрал мою карту, что мне теперь делать?"] * 5,
}


def table(rows: int) -> tuple[pa.Table, dict[str, set[str]]]:
    """Three classes of words, some of the texts odd; by issue the ids of these."""
    rng = np.random.default_rng(7)
    given = rng.integers(0, 3, rows)
    texts = [" ".join([*rng.choice(WORDS[label].split(), 6), "and", "the"]) for label in given]
    ids = [f"{row:04d}" for row in range(rows)]
    places = iter(rng.permutation(rows).tolist())
    truth: dict[str, set[str]] = {}
    for name, values in ODD.items():
        for text in values:
            place = next(places)
            texts[place] = text
            truth.setdefault(name, set()).add(ids[place])
    age = [None if row % 10 == 0 else float("nan") if row % 10 == 1 else 1.5 for row in range(rows)]
    label = [f"class {each}" for each in given]
    return pa.table({"id": ids, "label": label, "text": texts, "age": age, "all": given}), truth


def test_what_is_odd_is_told_of(write: Any, run_config: Any) -> None:
    rows, truth = table(300)
    base = run_config(write(rows)).model_dump(mode="json", by_alias=True)
    base["dataset"]["features"] = {"text": "text"}
    base["encoder"] = {"name": "tfidf"}
    base["gates"]["detect"] = {"thresholds": {"max_content_odd_share": 0.01}}
    record = run_stages(type(run_config(Path("x"))).model_validate(base))
    found = record.content
    assert found.rows == 300 and found.odd_rows == sum(len(ids) for ids in truth.values())
    issues = {each.name: each for each in found.issues}
    assert {name: each.rows for name, each in issues.items() if each.rows} == {
        name: len(ids) for name, ids in truth.items()
    }
    assert all(set(issues[name].examples) <= ids for name, ids in truth.items())
    assert [(each.name, each.rows, each.nulls) for each in record.nulls] == [("age", 300, 60)]
    copies = found.copies
    assert copies is not None and copies.rows == 300 and 0 < len(copies.examples) <= copies.groups
    groups = pq.read_table(Path(record.report).parents[1] / "detect/text_copies.parquet").to_pylist()
    assert len(groups) == copies.copies
    assert len({each["group"] for each in groups if each["id"] in truth["too-long"]}) == 1  # one text
    assert "max_content_odd_share" in {each.name for each in record.gates["detect"].warned}
    page = Path(record.report).read_text(encoding="utf-8")
    assert 'id="content"' in page and 'id="copies"' in page
    assert "Another language or script than the rest" in page


def test_what_is_odd_about_images_is_told_of(run_config: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    odd = {"dark": 4, "grayscale": 9, "odd-size": 14}
    for row in range(60):
        held = picture(rng, 32, 40, shapes=row % 2 * 20)
        issue = next((name for name, place in odd.items() if place == row), None)
        path = tmp_path / "pets" / ("cat", "dog")[row % 2] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(with_issue(rng, held, issue) if issue else held))
    base = run_config(tmp_path / "pets").model_dump(mode="json", by_alias=True)
    base["dataset"] |= {"features": {"image": "image"}, "label": "label", "id": "path"}
    base["encoder"] = {"name": "pixels"}
    record = run_stages(type(run_config(Path("x"))).model_validate(base))
    found = {each.name: each for each in record.content.issues if each.rows}
    assert {name: each.examples for name, each in found.items()} == {
        name: (f"{('cat', 'dog')[row % 2]}/{row}.png",) for name, row in odd.items()
    }
    assert "Without colours" in Path(record.report).read_text(encoding="utf-8")


def test_the_gate_has_a_figure_for_every_issue() -> None:
    names = {f"content_{each.name.replace('-', '_')}_share" for each in registry.methods("content")}
    assert names <= set(defaults("detect").figures.columns)
