"""Labels made of rules in a run: beside the probes, with rows that no rule knows, with given labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods.rules.rule import evaluate
from labelworks.tasks.methods.weak_supervision import aggregate_rules
from labelworks.tasks.planning.rules import rules_of
from tests.support.stages import run_stages

RULES = [
    {"name": f"says {code}", "matches": rf"\bword{code}\b", "column": "text", "label": f"class-{code}"}
    for code in range(3)
] + [{"name": "long", "where": "length(text) > 12", "label": "class-0"}]


def with_texts(data: Any, seed: int = 1) -> tuple[pa.Table, np.ndarray]:
    """Rows with a text that names their class in two of three rows, and another one in a fifth of these."""
    rng = np.random.default_rng(seed)
    true = np.array([vector[:3] for vector in data.table["vector"].to_pylist()]).argmax(axis=1)
    said = np.where(rng.random(len(true)) < 0.2, (true + 1) % 3, true)
    texts = [
        f"word{code}" if told else "none"
        for code, told in zip(said, rng.random(len(true)) < 0.7, strict=True)
    ]
    return data.table.append_column("text", pa.array(texts)), true


@pytest.fixture
def settings(raw_config: Any) -> Any:
    def settings(rows: Path, *, label: bool = False, **more: Any) -> RunConfig:
        raw = raw_config(rows, **more)
        if not label:
            del raw["dataset"]["label"]
        raw["dataset"]["rules"] = RULES
        return RunConfig.model_validate(raw)

    return settings


def test_rules_become_labels_that_the_probes_improve(
    made: Any, write: Any, settings: Any, published: Any
) -> None:
    """Rows on which none fires are left out, and it is said; what the rules are is in the record."""
    table, true = with_texts(made())
    config = settings(write(table.drop_columns(["label"])))
    record = run_stages(config)
    rows = published(config)
    asked = rules_of(config.dataset)
    codes = evaluate(table, asked, [f"class-{code}" for code in range(3)]).codes
    alone = aggregate_rules(codes, 3)
    fires = alone.labels >= 0
    assert rows.num_rows == fires.sum() == record.rules.covered
    assert record.noise.method == "rule-posterior"
    truth = dict(zip(table["id"].to_pylist(), (f"class-{code}" for code in true), strict=True))
    right = np.array([truth[each] for each in rows["id"].to_pylist()])
    assert rows["original_label"].to_pylist() == [f"class-{code}" for code in alone.labels[fires]]
    assert (np.array(rows["label"]) == right).mean() > (np.array(rows["original_label"]) == right).mean()
    told = {rule.name: rule for rule in record.rules.rules}
    assert told["says 1"].fires == (codes[:, 1] >= 0).sum()
    assert told["long"].fires == 0
    assert told["long"].accuracy is None
    assert "<td>says 1</td><td>class-1</td>" in Path(record.report).read_text()


def test_rules_stand_beside_given_labels(made: Any, write: Any, settings: Any, published: Any) -> None:
    """A given label stays the original one; a missing one is made of the rules, where one fires."""
    table, _ = with_texts(made())
    given = table["label"].to_pylist()
    empty = np.random.default_rng(2).random(len(given)) < 0.2
    labels = pa.array([None if gone else each for gone, each in zip(empty, given, strict=True)], pa.string())
    table = table.set_column(table.column_names.index("label"), "label", labels)
    config = settings(write(table), label=True, dataset={"classes": [f"class-{code}" for code in range(3)]})
    record = run_stages(config)
    rows = published(config)
    fires = evaluate(table, rules_of(config.dataset), config.dataset.classes).codes.max(axis=1) >= 0
    assert rows.num_rows == (~empty | fires).sum()
    before = dict(zip(table["id"].to_pylist(), labels.to_pylist(), strict=True))
    for name, original in zip(rows["id"].to_pylist(), rows["original_label"].to_pylist(), strict=True):
        assert before[name] in (None, original)
    assert [rule.name for rule in record.rules.rules][-1] == "given label"


def test_rules_and_probes_together_label_every_row(
    made: Any, write: Any, settings: Any, published: Any
) -> None:
    """In rounds; what the rules say by themselves is the original label, rows that none knows get one too."""
    table, true = with_texts(made())
    config = settings(
        write(table.drop_columns(["label"])), dataset={"label_model": {"infer": True}},
        validate={"publish_when": "better"},
    )  # fmt: skip
    record = run_stages(config)
    rows = published(config)
    truth = dict(zip(table["id"].to_pylist(), (f"class-{code}" for code in true), strict=True))
    right = np.array(rows["label"]) == np.array([truth[name] for name in rows["id"].to_pylist()])
    fired = np.array(rows["label_kind"]) == "rules"
    assert rows.num_rows == 400
    assert fired.sum() == record.rules.covered == record.inferred.kinds["rules"] < 400
    assert record.validation.published == "proposed"
    assert right[fired].mean() > 0.95
    assert right[~fired].mean() > 0.95
    asked = rules_of(config.dataset)
    alone = aggregate_rules(evaluate(table, asked, [f"class-{code}" for code in range(3)]).codes, 3)
    names = {name: f"class-{code}" for name, code in zip(table["id"].to_pylist(), alone.labels, strict=True)}
    originals = zip(rows["id"].to_pylist(), rows["original_label"].to_pylist(), fired, strict=True)
    assert all(names[name] == original for name, original, known in originals if known)
    assert set(np.array(rows["action"])[~fired]) <= {"infer", "review"}
