"""What treated parts are called by: the content of what they are made of, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.treat.treat_key import spelled


@dataclass(frozen=True)
class Made:
    shares: Any
    options: dict[str, Any] = field(default_factory=dict)


def said(value: Any) -> tuple[bytes, ...]:
    return tuple(spelled(value))


def made(**changed: Any) -> Made:
    values = {"shares": np.array([0.25, 0.75]), "options": {"a": (1, None), "b": pa.table({"x": [1, 2]})}}
    return Made(**(values | changed))


def test_what_is_alike_is_called_alike() -> None:
    assert said(made()) == said(made())
    assert said(made(options={"b": pa.table({"x": [1, 2]}), "a": (1, None)})) == said(made())
    assert said({"p", "q", "r"}) == said({"r", "q", "p"})
    assert said(np.arange(6.0).reshape(2, 3).T) == said(np.arange(6.0).reshape(2, 3).T.copy())


@pytest.mark.parametrize(
    "other",
    [
        made(shares=np.array([0.25, 0.7500001])),
        made(shares=np.array([0.25, 0.75], np.float32)),
        made(shares=np.array([[0.25, 0.75]])),
        made(shares=[0.25, 0.75]),
        made(options={"a": (1,), "b": pa.table({"x": [1, 2]})}),
        made(options={"a": (1, None), "b": pa.table({"x": [1, 3]})}),
        made(options={"a": ("1", None), "b": pa.table({"x": [1, 2]})}),
        made(options={}),
    ],
)
def test_what_differs_is_called_otherwise(other: Made) -> None:
    assert said(other) != said(made())


def test_what_is_not_read_by_content_is_never_called_the_same() -> None:
    value = object()
    assert said(value) != said(value)
