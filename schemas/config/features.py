"""Which columns carry the features, of which kind they are, and which encoder each kind has."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field, model_validator

from labelworks.schemas.config.section import Section

AUTO: Literal["auto"] = "auto"
MIXED = "mixed"  # what several kinds are together


class Features(Section):
    """The column of the features, under its kind; or several, as of a table, or of several kinds."""

    text: str | None = Field(None, description="texts")
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
    def _each_once(self) -> Features:
        if not self.kinds:
            raise ValueError(f"name at least one of {', '.join(type(self).model_fields)}")
        if self.columns is not None and not self.auto and len(set(self.columns)) < max(1, len(self.columns)):
            raise ValueError("columns names at least one column, and none twice")
        if self.tokens is not None and len(self.kinds) > 1:
            raise ValueError("tokens are the features of their rows alone: leave the others out")
        if twice := next((name for name in self.names if self.names.count(name) > 1), None):
            raise ValueError(f"column {twice!r} is of two kinds: name it under one of them")
        return self

    @property
    def auto(self) -> bool:
        """Whether the columns are those of the files that have no other role, whatever these are."""
        return self.columns == AUTO

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of features that there are, each with an encoder of its own."""
        return tuple(self.model_dump(exclude_none=True))

    @property
    def kind(self) -> str:
        """Which kind of feature it is; `mixed` of several."""
        return self.kinds[0] if len(self.kinds) == 1 else MIXED

    def key_of(self, kind: str) -> str:
        """What names the features of one kind among others of the dataset."""
        return json.dumps(self.columns) if kind == "columns" else str(getattr(self, kind))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the feature columns: of all kinds but `columns` one; of auto none is known."""
        return tuple(name for kind in self.kinds for name in self.names_of(kind))

    def names_of(self, kind: str) -> tuple[str, ...]:
        """Those of one kind."""
        if kind != "columns":
            return (str(getattr(self, kind)),)
        return self.columns if isinstance(self.columns, tuple) else ()

    @property
    def column(self) -> str:
        """The name of the feature column, of several the first; "" while none is known."""
        return next(iter(self.names), "")


def check_together(features: Features, image_root: str | None, pair: str | None, named: bool) -> None:
    """Refuse what doesn't go with these features: ValueError. named: whether classes have texts."""
    if image_root is not None and "image" not in features.kinds:
        raise ValueError(f"image_root goes with features.image, not with {features.kind}")
    if pair is not None and features.kind in ("columns", MIXED):
        raise ValueError("pair goes with one column of features, not with several")
    if named and features.kind == MIXED:
        raise ValueError(
            "class_names go with one kind of features: several have no encoder that reads texts into the "
            "space of all"
        )


class EncoderChoice(Section):
    """One encoder, with its options."""

    name: str = Field(
        "auto",
        description="auto: vector, standardize, table, pixels, tfidf or token-context, by the features",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="of that encoder, by name")


class EncoderConfig(EncoderChoice):
    """Which encoder turns features into vectors; of several kinds of features each has its own."""

    text: EncoderChoice | None = Field(None, description="of texts, where features are of several kinds")
    image: EncoderChoice | None = Field(None, description="of images, likewise")
    vector: EncoderChoice | None = Field(None, description="of vectors, likewise")
    audio: EncoderChoice | None = Field(None, description="of recordings, likewise")
    other: EncoderChoice | None = Field(None, description="of what a plug-in reads, likewise")
    columns: EncoderChoice | None = Field(None, description="of the columns of a table, likewise")

    def of(self, kind: str) -> EncoderChoice:
        """That of a kind of features."""
        chosen: EncoderChoice | None = getattr(self, kind, None)
        return self if chosen is None else chosen

    def with_table(self, name: str, features: Features) -> EncoderConfig:
        """The same with the encoder of that name for the columns of a table."""
        if features.kind != MIXED:
            return self.model_copy(update={"name": name})
        return self.model_copy(update={"columns": self.of("columns").model_copy(update={"name": name})})

    def where(self, kind: str) -> str:
        """The key that says which encoder a kind of features has."""
        return "encoder" if getattr(self, kind, None) is None else f"encoder.{kind}"


def check_encoders(encoder: EncoderConfig, features: Features) -> None:
    """Refuse encoders that don't go with the features: ValueError."""
    own = [kind for kind in type(features).model_fields if getattr(encoder, kind, None) is not None]
    if features.kind != MIXED:
        if own:
            raise ValueError(
                f"encoder.{own[0]} is for features of several kinds: of {features.kind} alone "
                "it is encoder.name"
            )
        return
    if other := next((kind for kind in own if kind not in features.kinds), None):
        raise ValueError(f"encoder.{other}: features are {' and '.join(features.kinds)}")
    if encoder.name != "auto" or encoder.options:
        first = features.kinds[0]
        raise ValueError(
            f"features are {' and '.join(features.kinds)}, each with an encoder of its own: name it as "
            f"encoder.{first}.name, with encoder.{first}.options"
        )
