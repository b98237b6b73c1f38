"""A model of the user's on the target window, and several ranked, as a run tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.flows.events import told_of
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.report.texts.key_figures import key_figures
from tests.support.stages import run_stages

CLASSES = ["ant", "bee", "cow"]


def window(seed: int, rows: int, mix: list[float], name: str) -> tuple[pa.Table, np.ndarray]:
    """Rows with wrong labels, a weaker model's probabilities and answers, and another one's answers."""
    rng = np.random.default_rng(seed)
    true = rng.choice(3, rows, p=mix)
    vectors = 5 * np.eye(3, 6)[true] + rng.normal(size=(rows, 6))
    logits = 2.5 * np.eye(3)[true] + 1.5 * rng.normal(size=(rows, 3))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.where(rng.random(rows) < 0.15, (true + 1) % 3, true)
    table = pa.table(
        {
            "id": [f"{name}-{row:04d}" for row in range(rows)],
            "vector": pa.array(vectors.astype(np.float32).tolist(), pa.list_(pa.float32())),
            "label": [CLASSES[code] for code in given],
            "probs": pa.array(probs.tolist(), pa.list_(pa.float64())),
            "says": [CLASSES[code] for code in probs.argmax(axis=1)],
            "parrot": [CLASSES[code] for code in given],
            "day": pa.array(np.datetime64("2026-01-01") + np.arange(rows) // (rows // 3) * 40),
        }
    )
    return table, probs.argmax(axis=1) == true


@pytest.fixture
def asked(run_config: Any, write: Any, tmp_path: Any) -> Any:
    """A config of a window whose mix moved, and whether the model is right on it."""

    def asked(by: str = "month", **performance: Any) -> tuple[RunConfig, np.ndarray]:
        source, _ = window(1, 900, [0.4, 0.3, 0.3], "source")
        target, right = window(2, 600, [0.1, 0.2, 0.7], "target")
        place = write(target.drop_columns(["label", "parrot"]), "target")
        data = {
            "classes": CLASSES, "target": str(place), "time": "day", "predictions": ["says", "parrot"],
        }  # fmt: skip
        detect = {"performance": performance, "windows": {"by": by}, "probes": ["lda", "ridge"]}
        return run_config(write(source), dataset=data, detect=detect), right

    return asked


def test_a_model_is_told_of_with_its_probabilities(asked: Any) -> None:
    config, right = asked(pred_probs="probs", value=[[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    record = run_stages(config)
    found = record.performance
    assert found.model == "probs" and found.rows == 600
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high
    assert found.accuracy.value == pytest.approx(right.mean(), abs=0.05)
    assert found.value.value == pytest.approx(2 * right.mean() - 1, abs=0.1)
    assert [each.name for each in found.by_class] == CLASSES
    assert np.sum(found.confusion) == pytest.approx(1, abs=1e-4)
    assert [each.rows for each in found.windows] == [200, 200, 200]
    assert found.trend.low < 0 < found.trend.high
    assert "From the first window to the last" in Path(record.report).read_text(encoding="utf-8")
    told = {each.event: each for each in told_of(record)}
    event = told["labelworks.performance.estimated"]
    assert event.accuracy == found.accuracy.value and event.model == "probs"
    names = [name for name, *_ in key_figures(record)]
    assert "accuracy of probs on the target" in names
    given, corrected = (each for each in record.ranking if each.reading in ("given", "corrected"))
    assert given.models[0].model == "parrot" and given.rows == 900
    assert given.models[0].accuracy.value == 1
    assert corrected.models[0].accuracy.value < 0.92
    assert {each.reading for each in record.ranking} == {"given", "corrected", "posterior", "platinum"}


def test_predictions_are_enough_and_too_low_an_accuracy_is_refused(asked: Any) -> None:
    config, right = asked(by="none", predictions="says")
    gates = {"detect": {"thresholds": {"min_estimated_accuracy": 0.99}}}
    config = RunConfig.model_validate(config.model_dump(by_alias=True) | {"gates": gates})
    record = run_stages(config)
    assert record.performance.accuracy.value == pytest.approx(right.mean(), abs=0.06)
    assert record.status == "refused"
    assert [check.name for check in record.gates["detect"].failed] == ["min_estimated_accuracy"]


@pytest.mark.parametrize(
    ("performance", "without", "what"),
    [
        ({"value": [[1]]}, (), "needs pred_probs or predictions"),
        ({"predictions": "says"}, ("target",), "needs dataset.target"),
        ({"pred_probs": "probs"}, ("classes",), "needs dataset.classes"),
        ({"predictions": "says", "value": [[1, 2]]}, (), "a row and a column for each"),
    ],
)
def test_configs_that_can_not_be(performance: Any, without: Any, what: str) -> None:
    data = {
        "source": "here",
        "label": "label",
        "features": {"vector": "v"},
        "target": "there",
        "classes": CLASSES,
    }
    kept = {key: value for key, value in data.items() if key not in without}
    with pytest.raises(ValueError, match=what):
        RunConfig.model_validate({"dataset": kept, "detect": {"performance": performance}})
