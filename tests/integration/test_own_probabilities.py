"""Probabilities of the user's own model, as a column of the dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.noise import detect
from tests.support.stages import run_stages

CLASSES = ["class-2", "class-0", "class-1"]  # an order of the user's own


def with_probs(made: Any, changed: dict[int, Any] | None = None) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Rows whose features say nothing, and whose `p` column is a good model's."""
    data = made(rows=600)
    rng = np.random.default_rng(3)
    given = np.array([CLASSES.index(label) for label in data.table["label"].to_pylist()])
    true = np.array([vector[:3] for vector in data.table["vector"].to_pylist()]).argmax(axis=1)
    true = np.array([CLASSES.index(f"class-{code}") for code in true])
    logits = 3 * np.eye(3)[true] + rng.normal(size=(600, 3))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    noise = pa.array(rng.normal(size=(600, 4)).tolist(), pa.list_(pa.float32()))
    table = data.table.set_column(1, "vector", noise)
    lists = probs.tolist()
    for row, value in (changed or {}).items():
        lists[row] = value
    return table.append_column("p", pa.array(lists, pa.list_(pa.float64()))), given, probs


def settings(**more: Any) -> dict[str, Any]:
    gates = {"detect": {"severity": {"max_noise_rate": "warning"}}}
    return {"dataset": {"pred_probs": "p", "classes": CLASSES}, "gates": gates, **more}


def test_labels_are_judged_by_the_users_probabilities(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table, given, probs = with_probs(made)
    config = run_config(write(table), **settings(treat={"mode": "relabel", "relabel_over": 0.5}))
    record = run_stages(config)
    expected = detect(given, probs, method="auto", posterior=True)
    rows = published(config)
    np.testing.assert_allclose(np.array(rows["soft_label"].to_pylist()), expected.posterior, atol=2e-3)
    assert record.noise.out_of_sample_accuracy == pytest.approx((probs.argmax(axis=1) == given).mean())
    assert record.noise.rate == pytest.approx(expected.noise_rate, abs=2e-3)
    held = {each.of: each for each in record.calibration}
    assert list(held) == ["probes", "pred_probs", "pred_probs, of the true class"]
    of_given = held["pred_probs"]
    assert of_given.overconfidence == pytest.approx(
        probs.max(axis=1).mean() - (probs.argmax(axis=1) == given).mean(), abs=1e-4
    )
    changed = np.array(rows["action"].to_pylist()) == "relabel"
    assert changed[expected.flag].mean() > 0.75  # but those whose doubt reaches below a half


def test_rows_without_usable_probabilities_are_named(made: Any, write: Any, run_config: Any) -> None:
    bad = {4: [0.5, 0.5], 5: None, 6: [0.5, 0.2, 0.1], 7: [1.5, -0.5, 0.0], 8: [float("nan"), 0.5, 0.5]}
    table, _, _ = with_probs(made, bad)
    with pytest.raises(InputError) as caught:
        run_stages(run_config(write(table), **settings()))
    for reason in (
        "pred_probs of length 2, there are 3 classes", "null pred_probs", "pred_probs sums to 0.8, not 1",
        "pred_probs is negative", "pred_probs has NaN or inf",
    ):  # fmt: skip
        assert reason in str(caught.value)


def test_probabilities_without_an_order_are_refused(raw_config: Any) -> None:
    with pytest.raises(ValueError, match="pred_probs needs classes"):
        RunConfig.model_validate(raw_config("data", dataset={"pred_probs": "p"}))
