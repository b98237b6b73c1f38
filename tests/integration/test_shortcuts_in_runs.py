"""A text whose length gives its class away is told of, in words; one whose doesn't is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tests.support.stages import run_stages

WORDS = ["river boat fish water", "engine wheel road car", "bread oven flour salt"]


def table(rows: int, *, long: bool) -> pa.Table:
    """Three classes of words; long: those of the third end in so many more words that say nothing."""
    rng = np.random.default_rng(7)
    given = rng.integers(0, 3, rows)
    texts = []
    for label in given:
        words = rng.choice(WORDS[label].split(), 6).tolist()
        filler = ["and"] * int(rng.integers(3, 9) + (30 if long and label == 2 else 0))
        texts.append(" ".join([*words, *filler]))
    ids = [f"{row:04d}" for row in range(rows)]
    return pa.table({"id": ids, "label": [f"class {each}" for each in given], "text": texts})


def config_of(run_config: Any, source: Path) -> Any:
    base = run_config(source).model_dump(mode="json", by_alias=True)
    base["dataset"]["features"] = {"text": "text"}
    base["encoder"] = {"name": "tfidf"}
    return type(run_config(source)).model_validate(base)


def test_length_that_tells_the_class_is_a_finding(write: Any, run_config: Any) -> None:
    record = run_stages(config_of(run_config, write(table(400, long=True))))
    first = record.shortcuts.properties[0]
    assert first.tells and first.label == "class 2" and first.name in ("characters", "words")
    assert first.gain > 0.3 and first.share > 0.95 and first.examples
    (warned,) = [each for each in record.gates["detect"].warned if each.name == "max_shortcut_gain"]
    assert warned.sentence.startswith("a property such as length or brightness tells the label by itself")
    page = Path(record.report).read_text(encoding="utf-8")
    assert "What tells the label by itself" in page and "of the rows are class 2" in page


def test_without_one_nothing_is_said(write: Any, run_config: Any) -> None:
    words = table(400, long=False)
    record = run_stages(config_of(run_config, write(words, "plain")))
    warned = {each.name for each in record.gates["detect"].warned}
    assert "max_shortcut_gain" not in warned
    assert record.shortcuts.rows == 400
