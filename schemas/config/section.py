"""The base of every section of the configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of every section: immutable, closed, and addressed by its YAML names."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
