"""Labels flipped together in a small region are told of with their rows; random flips are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tests.support.stages import run_stages

ROWS, FLIPPED = 600, 40
ASKED = {"poison": True}


def table(*, targeted: bool) -> tuple[pa.Table, set[str]]:
    """Three classes; 40 labels of the first made the third: those in its middle, or any."""
    rng = np.random.default_rng(4)
    given = rng.integers(0, 3, ROWS)
    vectors = (5 * np.eye(3, 6)[given] + rng.normal(size=(ROWS, 6))).astype(np.float32)
    inside = np.flatnonzero(given == 0)
    order = np.argsort(np.linalg.norm(vectors[inside] - vectors[inside].mean(axis=0), axis=1))
    flipped = inside[order[:FLIPPED]] if targeted else rng.choice(inside, FLIPPED, replace=False)
    given[flipped] = 2
    ids = [f"{row:04d}" for row in range(ROWS)]
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 6)
    made = pa.table({"id": ids, "label": [f"class {each}" for each in given], "vector": column})
    return made, {ids[row] for row in flipped}


def with_drawn_labels(rows: pa.Table) -> tuple[pa.Table, set[str]]:
    """80 rows near one another of the second class, their labels drawn by chance."""
    rng = np.random.default_rng(5)
    vectors = np.array(rows["vector"].to_pylist())
    inside = np.flatnonzero(np.array(rows["label"].to_pylist()) == "class 1")
    near = inside[np.argsort(np.linalg.norm(vectors[inside] - vectors[inside].mean(axis=0), axis=1))[:80]]
    labels = np.array(rows["label"].to_pylist())
    labels[near] = [f"class {code}" for code in rng.integers(0, 3, len(near))]
    ids = np.array(rows["id"].to_pylist())
    return rows.set_column(1, "label", pa.array(labels.tolist())), set(ids[near].tolist())


def test_a_targeted_flip_is_told_of(write: Any, run_config: Any) -> None:
    rows, flipped = table(targeted=True)
    rows, drawn = with_drawn_labels(rows)
    record = run_stages(run_config(write(rows), detect=ASKED))
    region = record.poison.regions[0]
    assert (region.label, region.around) == ("class 2", "class 0")
    assert len(set(region.rows) & flipped) >= 0.9 * len(region.rows) and len(region.rows) >= 8
    assert "max_odd_regions" in {each.name for each in record.gates["detect"].warned}
    page = Path(record.report).read_text(encoding="utf-8")
    assert "Labels that look changed together" in page
    of_drawn = [len(drawn.intersection(each.rows)) / len(each.rows) for each in record.poison.unlearnable]
    assert max(of_drawn) > 0.6
    assert "max_unlearnable_regions" in {each.name for each in record.gates["detect"].warned}
    assert "Labels that nothing foretells" in page


def test_random_flips_are_not(write: Any, run_config: Any) -> None:
    record = run_stages(run_config(write(table(targeted=False)[0]), detect=ASKED))
    assert record.poison.rows == ROWS and record.poison.regions == record.poison.unlearnable == ()
    assert "max_odd_regions" not in {each.name for each in record.gates["detect"].warned}
