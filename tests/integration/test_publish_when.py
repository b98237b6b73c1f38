"""What a version carries where treated labels are proven better, and where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import labelworks as lw
from tests.support.stages import run_stages

AS_USUAL = {"validate": {"publish_when": "better"}, "treat": {"objective": "auto"}}


def table(rows: int, apart: float, noise: float) -> pa.Table:
    """Three classes so far apart, labels wrong by so much."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, rows)
    given = np.where(rng.random(rows) < noise, (true + 1) % 3, true)
    vectors = (apart * np.eye(3, 8)[true] + rng.normal(size=(rows, 8))).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8)
    ids = [f"{row:05d}" for row in range(rows)]
    return pa.table({"id": ids, "label": [f"class {each}" for each in given], "vector": column})


@pytest.mark.parametrize("asked", [{}, {"treat": {"objective": {"precision": 0.9}}}], ids=["auto", "named"])
def test_what_is_proven_better_is_carried(
    write: Any, run_config: Any, published: Any, asked: dict[str, Any]
) -> None:
    config = run_config(write(table(600, 3, 0.2)), **(AS_USUAL | asked))
    record = run_stages(config)
    proof = record.validation
    assert proof.published == proof.arm != "given" and not proof.why_given
    assert proof.gain_interval[0] > 0
    rows = published(config)
    changed = np.array(rows["label"].to_pylist()) != np.array(rows["original_label"].to_pylist())
    assert record.treatment.relabelled == changed.sum()
    assert (changed.any(), np.mean(rows["weight"].to_numpy() < 0.5) > 0.05).count(True) >= 1


def test_what_is_not_proven_is_carried_as_given_with_flags(
    write: Any, run_config: Any, published: Any, command: Any, tmp_path: Any
) -> None:
    """Classes so far apart that any labels teach a model the same."""
    config = run_config(write(table(300, 12, 0.1)), **AS_USUAL)
    record = run_stages(config)
    assert record.status == "published"
    assert record.validation.published == "given" and record.validation.why_given
    rows = published(config)
    assert rows["label"].to_pylist() == rows["original_label"].to_pylist()
    assert set(rows["weight"].to_pylist()) == {1.0}
    suggested = rows["suggestion"].is_valid().to_numpy()
    assert 0.05 < suggested.mean() < 0.15  # the flags are there
    assert record.treatment.relabelled == 0 and record.noise.flagged == suggested.sum()
    code, out, _ = command("show", record.run_id, "--store", str(tmp_path / "store"))
    said = " ".join(out.split())
    assert code == 0 and "it carries the given labels" in said
    again = run_stages(config)  # found, not repeated
    assert again.version == record.version
    looks = lw.review_queue(record.dataset, 10, store=tmp_path / "store").to_pandas()
    assert looks["removed"].min() > 0.5  # of what the version carries, not of what was proposed
