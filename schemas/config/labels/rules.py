"""Rules of a configuration: what speaks for a class, and how they become a label."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from labelworks.schemas.config.section import Section

Class = str | int
KINDS = ("matches", "where", "function")


class RuleConfig(Section):
    """A labelling function: a pattern, a condition, or a function of a plug-in."""

    name: str = Field(min_length=1, description="what it is called in findings; each rule has one of its own")
    label: Class | None = Field(None, description="the class that it speaks for; a function may name it")
    matches: str | None = Field(None, description="a regular expression (RE2) that a text holds")
    column: str | None = Field(None, description="of the texts; default: dataset.features.text")
    ignore_case: bool = Field(True, description="whether matches takes small letters for capitals")
    where: str | None = Field(
        None, description="a condition as SQL has it after WHERE: it needs labelworks[rules]"
    )
    function: str | None = Field(None, description="a plug-in's method of kind `rules`")
    columns: tuple[str, ...] = Field((), description="what the function sees")
    options: dict[str, Any] = Field(default_factory=dict, description="for the function")

    @field_validator("label", mode="before")
    @classmethod
    def _no_boolean(cls, label: Any) -> Any:
        """As the classes: booleans are the strings `true` and `false`."""
        return str(label).lower() if isinstance(label, bool) else label

    @model_validator(mode="after")
    def _one(self) -> RuleConfig:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"rule {self.name!r}: give exactly one of {', '.join(KINDS)}")
        if self.label is None and self.function is None:
            raise ValueError(f"rule {self.name!r}: a label is missing, the class that it speaks for")
        if self.function is not None and not self.columns:
            raise ValueError(f"rule {self.name!r}: columns are missing, those that the function sees")
        if self.column is not None and self.matches is None:
            raise ValueError(f"rule {self.name!r}: column goes with matches")
        return self

    @property
    def kind(self) -> str:
        """The key that says what it looks for."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


class LabelModelConfig(Section):
    """How what rules say becomes a label."""

    method: str = Field(
        "label-model", description="of `labelworks methods --stage ingest`, kind weak_supervision"
    )
    prior: dict[Class, float] | None = Field(
        None, description="share of each class among the rows, where it is known: rules alone tell it poorly"
    )
    infer: bool = Field(
        False,
        description="labels are inferred by rules and probes together, in rounds, also of rows on which no "
        "rule fires; else these are left out",
    )
