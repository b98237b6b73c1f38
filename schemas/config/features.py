"""Which columns carry the features, and of which kind they are."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field, model_validator

from labelworks.schemas.config.section import Section

AUTO: Literal["auto"] = "auto"


class Features(Section):
    """The one column that carries the features, under its kind; or several columns, as of a table."""

    text: str | None = None
    image: str | None = Field(None, description="bytes of images, structs with `bytes`, or arrays of pixels")
    vector: str | None = Field(None, description="lists of numbers")
    audio: str | None = Field(None, description="bytes of recordings, or structs with `bytes`; for a plug-in")
    other: str | None = Field(None, description="whatever the encoder of a plug-in reads")
    tokens: str | None = Field(None, description="lists of tokens, of the task tokens")
    columns: tuple[str, ...] | Literal["auto"] | None = Field(
        None,
        description="columns of numbers, truths, categories, dates or short texts: together one vector a "
        "row; auto: all that have no other role, which `features: auto` says too",
    )

    @model_validator(mode="before")
    @classmethod
    def _auto(cls, given: Any) -> Any:
        return {"columns": AUTO} if given == AUTO else given

    @model_validator(mode="after")
    def _one(self) -> Features:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError(f"name exactly one of {', '.join(type(self).model_fields)}")
        if self.columns is not None and not self.auto and len(set(self.columns)) < max(1, len(self.columns)):
            raise ValueError("columns names at least one column, and none twice")
        return self

    @property
    def auto(self) -> bool:
        """Whether the columns are those of the files that have no other role, whatever these are."""
        return self.columns == AUTO

    @property
    def kind(self) -> str:
        """Which kind of feature it is."""
        return str(next(iter(self.model_dump(exclude_none=True))))

    @property
    def key(self) -> str:
        """What names the features among others of the dataset."""
        return self.column if self.columns is None else json.dumps(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the feature columns: of all kinds but `columns` one; of auto none is known."""
        if self.columns is None:
            return (str(getattr(self, self.kind)),)
        return self.columns if isinstance(self.columns, tuple) else ()

    @property
    def column(self) -> str:
        """The name of the feature column, of several the first; "" while none is known."""
        return next(iter(self.names), "")
