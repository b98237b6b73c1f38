"""A method as a config chooses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Chosen:
    """A registered method by its name, and the options that it is given."""

    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
