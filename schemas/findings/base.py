"""Base of what stages find: frozen, closed, and JSON without NaN."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer


class Findings(BaseModel):
    """Base of all findings: immutable and closed; names of columns and of datasets are data, never keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


Number = Annotated[float | None, PlainSerializer(_finite, return_type=float | None, when_used="json")]
"""A measured number: None where it was not measured. NaN stays NaN in memory (a gate refuses it), and is null
in JSON."""

Interval = tuple[Number, Number]
"""The lower and the upper end."""

Class = str | int
"""A class, as the dataset spells it."""
