"""Expectations of a config in whole runs: on columns of the source, over partitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from junitparser import JUnitXml

from labelworks.schemas.errors import ConfigError, GateRefused
from tests.support.own_expectations import own
from tests.support.stages import run_stages

ROWS = 300


def table(*, price: Any = None) -> pa.Table:
    rng = np.random.default_rng(0)
    given = rng.integers(0, 3, ROWS)
    vectors = (6 * np.eye(3, 8)[given] + rng.normal(size=(ROWS, 8))).astype(np.float32)
    return pa.table(
        {
            "id": [f"{row:05d}" for row in range(ROWS)],
            "label": [f"class {each}" for each in given],
            "vector": pa.FixedSizeListArray.from_arrays(vectors.ravel(), 8),
            "price": np.arange(ROWS, dtype=np.float64) if price is None else price,
        }
    )


BETWEEN = "expect_column_values_to_be_between"
PASSING = {
    "ingest": {
        "expectations": [
            own(BETWEEN, "price", {"min_value": 0, "max_value": ROWS}),
            own("expect_column_mean_to_be_between", "price", {"min_value": 149, "max_value": 150}),
            own("expect_table_row_count_to_equal", None, {"value": ROWS}),
            own("expect_column_values_to_be_unique", "id"),
            own("expect_priors_within", "label", {"priors": {f"class {k}": 1 / 3 for k in range(3)}}),
            own("expect_column_to_exist", "vector"),
            own(BETWEEN, "classes", {"max_value": 3}),
        ]
    },
    "detect": {
        "expectations": [
            own("expect_noise_rate_between", "error_probability", {"max_value": 0.2}),
            own("expect_column_values_to_not_be_null", "posterior"),
        ]
    },
    "treat": {"expectations": [own("expect_effective_sample_size", "weight", {"min_share": 0.9})]},
    "publish": {"expectations": [own("expect_column_median_to_be_between", "weight", {"min_value": 0.9})]},
}


def test_any_stage_has_them_and_partitions_are_judged_together(
    write: Any, run_config: Any, command: Any, tmp_path: Any
) -> None:
    source = write(table(), parts=3)
    config = run_config(source, gates=PASSING, compute={"partition_rows": 100})
    record = run_stages(config)
    observed = {each.name: each for gate in record.gates.values() for each in gate.checks}
    assert observed["price_mean_to_be_between"].observed == "149.5"
    assert observed["table_row_count_to_equal"].observed == "300"
    assert observed["price_values_to_be_between"].observed == "0 of 300 rows fail"
    assert observed["id_values_to_be_unique"].observed == "0 of 300 rows fail"
    assert observed["weight_effective_sample_size"].ok and observed["weight_median_to_be_between"].ok
    assert observed["error_probability_noise_rate_between"].ok
    assert observed["posterior_values_to_not_be_null"].ok
    file = tmp_path / "ci" / "gates.xml"
    code, _, _ = command("show", record.run_id, "--store", str(tmp_path / "store"), "--junit", str(file))
    suites = JUnitXml.fromfile(str(file))
    assert code == 0
    assert {case.name for suite in suites for case in suite} == set(observed)


def test_a_failure_refuses_and_says_what_was_seen(write: Any, run_config: Any) -> None:
    price = np.where(np.arange(ROWS) % 100 == 7, -5.0, 1.0)
    gates = {"ingest": {"expectations": [own(BETWEEN, "price", {"min_value": 0})]}}
    config = run_config(write(table(price=price), parts=3), gates=gates, compute={"partition_rows": 100})
    record = run_stages(config)
    (failed,) = record.gates["ingest"].failed
    assert record.status == "refused"
    assert (failed.observed, failed.unexpected) == ("3 of 300 rows fail", ("-5",))


def test_an_unknown_column_is_refused_before_any_work_with_the_nearest_name(
    write: Any, run_config: Any, tmp_path: Any
) -> None:
    gates = {"ingest": {"expectations": [own(BETWEEN, "prise", {"min_value": 0})]}}
    with pytest.raises(ConfigError, match="unknown column 'prise'\\n  did you mean 'price'") as caught:
        run_stages(run_config(write(table()), gates=gates))
    assert caught.value.where == "gates.ingest.expectations"
    assert not list((tmp_path / "store").rglob("*.parquet"))
    assert not isinstance(caught.value, GateRefused)
