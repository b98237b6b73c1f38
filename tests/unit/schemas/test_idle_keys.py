"""Keys of a config that count for nothing as the others are."""

from __future__ import annotations

from typing import Any

import pytest

from labelworks.schemas.config.idle_keys import idle_keys, would_be_idle
from labelworks.schemas.config.messages import fields_of, section_of
from labelworks.schemas.config.run import RunConfig

DATA = {"source": "data", "label": "label", "features": {"text": "text"}}


def config(**said: Any) -> RunConfig:
    data = {**DATA, **said.pop("dataset", {})}
    return RunConfig.model_validate({"dataset": data, **said})


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"dataset": {"train_split": "fit"}}, "dataset.train_split"),
        ({"dataset": {"votes": {"method": "auto"}}}, "dataset.votes.method"),
        ({"dataset": {"format": "parquet", "csv": {"delimiter": ";"}}}, "dataset.csv"),
        ({"detect": {"shift": {"method": "em-bcts"}}}, "detect.shift.method"),
        ({"detect": {"columns": ["age"]}}, "detect.columns"),
        ({"detect": {"windows": {"by": "day"}}}, "detect.windows.by"),
        ({"dataset": {"task": "multilabel"}, "detect": {"probes": ["lda"]}}, "detect.probes"),
        ({"dataset": {"task": "regression"}, "validate": {"model": "multinomial"}}, "validate.model"),
        ({"dataset": {"task": "regression"}, "treat": {"min_class_rows": 5}}, "treat.min_class_rows"),
        ({"detect": {"groups": ["sex"], "slices": 3}}, "detect.slices"),
        ({"treat": {"mode": "reweight", "min_class_rows": 5}}, "treat.min_class_rows"),
        ({"treat": {"mode": "relabel", "weights": {"factors": ["right"]}}}, "treat.weights.factors"),
        ({"treat": {"mode": "none"}, "validate": {"publish_when": "better"}}, "validate.publish_when"),
        ({"treat": {"approve_within": "1d"}}, "treat.approve_within"),
        ({"treat": {"judges": {"budget": 3}}}, "treat.judges.budget"),
        ({"gates": {"trend": {"severity": "warning"}}}, "gates.trend.severity"),
        ({"compute": {"scheduler": "tcp://127.0.0.1:8786", "workers": 3}}, "compute.workers"),
        ({"compute": {"gpu": "off", "gpu_cores": 3}}, "compute.gpu_cores"),
        ({"schedule": {"timezone": "Europe/Berlin"}}, "schedule.timezone"),
        ({"reprocess": {"watch": False, "poll": "1s"}}, "reprocess.poll"),
    ],
)
def test_a_key_that_counts_for_nothing_is_named(said: dict[str, Any], key: str) -> None:
    assert [name for name, _ in idle_keys(config(**said))] == [key]


def test_a_key_that_counts_is_not_named() -> None:
    said = {
        "dataset": {"time": "written_at"},
        "detect": {"columns": ["age"], "probes": ["lda"]},  # of the newest time against what was before
        "validate": {"model": "multinomial"},
        "treat": {
            "mode": "both",
            "objective": {"precision": 0.9},
            "approve_over": 0.1,
            "approve_within": "1d",
        },
        "compute": {"workers": 3, "gpu_cores": 3},
        "schedule": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"},
        "gates": {"trend": {"rows": 0.2, "severity": "warning"}},
    }
    assert idle_keys(config(**said)) == []


def test_keys_are_those_of_the_config() -> None:
    modes: list[dict[str, Any]] = [
        {"treat": {"mode": "none"}, "compute": {"gpu": "off", "scheduler": "tcp://127.0.0.1:8786"}},
        {"treat": {"mode": "relabel"}, "detect": {"groups": ["sex"]}, "reprocess": {"watch": False}},
        {"dataset": {"task": "multilabel", "format": "parquet"}},
        {"dataset": {"task": "regression"}},
        {"compute": {"cluster_class": "dask_jobqueue.SLURMCluster"}},
    ]
    for said in modes:
        for keys, _ in would_be_idle(config(**said)):
            for key in keys:
                *above, name = key.split(".")
                section = section_of(RunConfig, tuple(above))
                assert section is not None and name in fields_of(section), key
