"""Factors of the weights are columns of what is published, and their product is what rows count for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from tests.support.stages import run_stages


def test_a_run_weighs_by_class_group_and_trust(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    table = made(rows=600).table
    sex = pa.array(np.where(np.arange(600) % 4, "m", "f"))
    factors = ["label-shift", "right", "class-balance", {"group-balance": {"column": "sex"}}]
    weights = {"factors": factors, "min_effective_share": 0.5}
    config = run_config(write(table.append_column("sex", sex)), treat={"weights": weights})
    record = run_stages(config)
    rows = published(config)
    weight = rows["weight"].to_numpy().astype(np.float64)
    product = np.prod([rows[name].to_numpy() for name in rows.column_names if name.startswith("weight_")], 0)
    np.testing.assert_allclose(weight, product / product.mean(), rtol=1e-4)
    assert "What rows count for" in Path(record.report).read_text()
    found = record.treatment
    assert [factor.name for factor in found.factors] == [
        "label-shift",
        "right",
        "class-balance",
        "group-balance",
    ]
    assert found.factors[0].lowest == found.factors[0].highest == 1  # there is no target
    assert found.max_weight == pytest.approx(weight.max(), rel=1e-5)
    assert found.clipped_over is None and found.effective_sample_share > 0.5


def test_what_weights_cannot_be_made_of_is_refused(made: Any, write: Any, run_config: Any) -> None:
    source = write(made(rows=120).table)
    for factors, error, said in (
        (["group-balance"], ConfigError, "names no column"),
        ([{"group-balance": {"column": "sexx"}}], InputError, "there is no column 'sexx'"),
    ):
        config = run_config(source, treat={"weights": {"factors": factors}})
        with pytest.raises(error, match=said):
            if error is ConfigError:
                from labelworks.flows.preflight import check_methods

                check_methods(config)
            run_stages(config)


def test_a_propensity_is_estimated_where_a_target_is_there(
    made: Any, write: Any, run_config: Any, published: Any
) -> None:
    window = made(rows=300, seed=5).table
    moved = np.array(window["vector"].to_pylist()) + 0.5
    place = window.column_names.index("vector")
    target = window.set_column(place, "vector", pa.array(moved.tolist(), window["vector"].type))
    weights = {"factors": ["right", "propensity"]}
    dataset = {"target": str(write(target.drop_columns(["label"]), "target", parts=1))}
    config = run_config(write(made(rows=300).table), dataset=dataset, treat={"weights": weights})
    run_stages(config)
    propensity = published(config)["weight_propensity"].to_numpy()
    assert propensity.min() >= 1 and propensity.std() > 0.05
