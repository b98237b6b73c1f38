"""The objective of a treatment: said once, and by a number that can be."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.planning.values import policy_of


@pytest.mark.parametrize(
    ("said", "method"),
    [
        ({}, Chosen("auto")),
        ({"objective": {"precision": 0.9}}, Chosen("precision", {"precision": 0.9})),
        ({"objective": "accuracy"}, Chosen("accuracy")),
        ({"objective": {"budget": 500}}, Chosen("budget", {"budget": 500})),
        ({"relabel_over": 0.7}, Chosen("threshold", {"threshold": 0.7})),
        ({"objective": {"mine": {"option": 1}}}, Chosen("mine", {"option": 1})),
    ],
)
def test_an_objective_is_the_method_that_places_the_cut(said: dict[str, Any], method: Chosen) -> None:
    config = TreatConfig.model_validate(said)
    assert policy_of(config).objective == method
    assert TreatConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"objective": "accuracy", "relabel_over": 0.8}, "not both"),
        ({"objective": None}, "one of them"),
        ({"objective": {"precision": 1.5}}, "precision is a share"),
        ({"objective": {"budget": 2.5}}, "budget is a number of rows"),
        ({"objective": {"budget": True}}, "budget is a number of rows"),
        ({"objective": {"budget": float("inf")}}, "budget is a number of rows"),
        ({"objective": {"budget": 5, "precision": 0.9}}, "name one objective"),
    ],
)
def test_what_is_no_objective_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        TreatConfig.model_validate(said)
