"""A second version that moved too far from the first is refused, and names both figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tests.support.stages import run_stages

TREND = {"trend": {"rows": 0.3, "total_variation": 0.2, "noise_rate": 0.2}}


def table(rows: int, prior: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)) -> pa.Table:
    rng = np.random.default_rng(rows)
    given = rng.choice(3, rows, p=prior)
    vectors = (8 * np.eye(3, 8)[given] + rng.normal(size=(rows, 8))).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8)
    ids = [f"{rows}-{row:05d}" for row in range(rows)]
    return pa.table({"id": ids, "label": [f"class {each}" for each in given], "vector": column})


def test_versions_are_held_to_the_one_before(write: Any, run_config: Any) -> None:
    first = run_stages(run_config(write(table(300)), gates=TREND))
    checks = {each.name: each for each in first.gates["detect"].checks}
    assert first.status == "published" and first.trend.version is None
    assert checks["trend_rows"].ok and checks["trend_rows"].observed.startswith("this is the first version")
    near = run_stages(run_config(write(table(340)), gates=TREND))
    assert near.status == "published" and near.trend.version == 1
    assert near.trend.before == first.trend.now and near.trend.now.rows == 340
    far = run_stages(run_config(write(table(330, (0.8, 0.1, 0.1))), gates=TREND))
    (failed,) = far.gates["detect"].failed
    assert far.status == "refused" and far.trend.version == 2
    assert failed.name == "trend_total_variation" and "in version 2" in failed.observed
    with open(far.report, encoding="utf-8") as page:
        assert "Beside version 2" in page.read()
    told = run_config(
        write(table(330, (0.8, 0.1, 0.1))), gates={"trend": TREND["trend"] | {"severity": "warning"}}
    )
    warned = run_stages(told)
    assert warned.status == "published" and len(warned.gates["detect"].warned) == 1
