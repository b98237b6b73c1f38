"""The section `treat`: what becomes of labels, and what rows count for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from labelworks.schemas.config.judges import JudgesConfig
from labelworks.schemas.config.schedule import Seconds
from labelworks.schemas.config.section import Section


class WeightsConfig(Section):
    """What a row counts for in training: a product of factors."""

    factors: tuple[str | dict[str, dict[str, Any]], ...] = Field(
        ("label-shift", "right"),
        description="of `labelworks methods --stage treat`, kind weights; one with options as "
        "{group-balance: {column: sex}}",
    )
    min_effective_share: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="the product is clipped where the rows would count for less than this share of them",
    )

    @field_validator("factors")
    @classmethod
    def _each_once(cls, said: Any) -> Any:
        if any(isinstance(text, dict) and len(text) != 1 for text in said):
            raise ValueError("factors with options have one name each: {group-balance: {column: sex}}")
        names = [text if isinstance(text, str) else next(iter(text)) for text in said]
        if len(set(names)) < len(names):
            raise ValueError("factors are named once each")
        return said


class PredictionSetsConfig(Section):
    """A published column of the classes that a row's true label may be."""

    coverage: float = Field(
        0.9, gt=0.0, lt=1.0, description="the share of rows whose true label is to be in its set"
    )
    by_class: bool = Field(
        False, description="within each class, not only on the whole; of label sets each label always is"
    )


class TreatConfig(Section):
    """What is done about a wrong label or a moved class mix."""

    mode: Literal["reweight", "relabel", "both", "none"] = Field(
        "both", description="whether rows count for less, labels change, both or neither"
    )
    objective: str | dict[str, Any] | None = Field(
        "auto",
        description="what labels are changed for: auto (whatever the validation proves best), accuracy (as "
        "many right labels as can be), {precision: "
        "share} (so many of the changes are right), {budget: rows} (at most so many change, the surest), or "
        "a method of `labelworks methods --stage treat`",
    )
    relabel_over: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        description="instead of an objective: a label changes where P(the new one is right) is at least "
        "this, as objective: {threshold: …}",
    )
    weights: WeightsConfig = WeightsConfig()
    min_class_rows: int = Field(
        10, ge=0, description="no label changes into or out of a class of fewer rows: such rows go to review"
    )
    audited: str = Field(
        "",
        description="a file of rows that people looked at, drawn by chance, with columns id and label (the "
        "right class), read with dataset.storage_options: they prove the precision that labels are changed "
        "for, by a bound that holds 95 % of the time; where they don't, no label changes; empty: answers to "
        "`labelworks audit sample --design changes` do",
    )
    judges: JudgesConfig = JudgesConfig()
    prediction_sets: PredictionSetsConfig | None = Field(
        None, description="publish the column prediction_set; null: don't, which reads the scores once less"
    )
    approve_over: float | None = Field(
        None, ge=0.0, le=1.0, description="ask a person where a larger share would change; null: never ask"
    )
    approve_within: Seconds = Field(
        259_200.0,
        gt=0.0,
        description="how long an answer is waited for, such as 3d; then nothing is published",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_end(cls, data: Any) -> Any:
        """The usual objective is none where a threshold is given."""
        if isinstance(data, dict) and data.get("relabel_over") is not None and "objective" not in data:
            return {**data, "objective": None}
        return data

    @model_validator(mode="after")
    def _said_once(self) -> TreatConfig:
        if (self.objective is None) == (self.relabel_over is None):
            many = "one of them" if self.objective is None else "not both"
            raise ValueError(
                f"give an objective or relabel_over, {many}: relabel_over: 0.8 is short for "
                "objective: {threshold: 0.8}"
            )
        return self

    @field_validator("objective")
    @classmethod
    def _of_one_name(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        if len(said) != 1:
            raise ValueError("name one objective: accuracy, {precision: 0.9} or {budget: 500}")
        ((name, value),) = said.items()
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in ("precision", "threshold") and not (number and 0 <= value <= 1):
            raise ValueError(f"{name} is a share in [0, 1]")
        if name == "budget" and not (number and value >= 0 and value % 1 == 0):
            raise ValueError("budget is a number of rows")
        return said
