"""What is found of models of the user's: how good on the target window, and how they rank."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Interval, Number


class Figure(Findings):
    """A figure and its 95 % interval."""

    value: Number
    low: Number
    high: Number


class ClassPerformance(Findings):
    """A class of the target window, as far as it can be told without labels."""

    name: Class
    share: Number
    precision: Figure
    recall: Figure
    f1: Figure


class WindowPerformance(Findings):
    """A window of time of the target."""

    window: str
    rows: int
    accuracy: Figure
    macro_f1: Figure


class PerformanceFindings(Findings):
    """How good a model is on the target window, of which no label is known."""

    model: str = Field(description="the column of its probabilities or of its predictions")
    rows: int = Field(description="of the target's sample that the model says something of")
    accuracy: Figure
    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    value: Figure | None = Field(None, description="of a row, by detect.performance.value")
    by_class: tuple[ClassPerformance, ...]
    confusion: tuple[tuple[Number, ...], ...] | None = Field(
        None, description="(K, K) shares, rows = true, columns = predicted; None: more than 100 classes"
    )
    windows: tuple[WindowPerformance, ...] = ()
    trend: Figure | None = Field(
        None, description="change of the accuracy from the first to the last window; None: under three"
    )
    note: str = Field("", description="what speaks against the estimate, in a sentence")


class ModelRank(Findings):
    """A model by one reading of the labels."""

    model: str
    accuracy: Figure
    rank: Number = Field(description="1 = best, equals share the mean")
    rank_interval: Interval


class RankingFindings(Findings):
    """Models ranked by one reading of the labels of all rows."""

    reading: Literal["given", "corrected", "posterior", "platinum"]
    rows: int
    models: tuple[ModelRank, ...] = Field(description="best first")
