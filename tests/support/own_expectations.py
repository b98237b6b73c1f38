"""Expectations of a user, as a config has them."""

from collections.abc import Mapping
from typing import Any


def own(
    expectation: str, column: str | None = None, kwargs: Mapping[str, Any] | None = None, **more: Any
) -> Any:
    """An entry of gates.STAGE.expectations."""
    named = {} if column is None else {"column": column}
    return {expectation: {**named, **(kwargs or {}), **more}}
