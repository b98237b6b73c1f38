"""What is found of the target window: its class mix, its drift, its rows of no known class."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Interval, Number


class FeatureDrift(Findings):
    """How far one dimension of the features moved, of 1."""

    feature: int
    effect: Number
    p_value: Number


class TargetDrift(Findings):
    """The test of the target's features against the source's; of a target of one row there is none."""

    method: str | None = None
    p_value: Number = None
    effect: Number = Field(None, description="0 to 1")
    unexplained_effect: Number = Field(None, description="the effect at the target's own class mix")
    features: tuple[FeatureDrift, ...] = Field((), description="those that moved most, where each is tested")


class NewClass(Findings):
    """Rows of no known class that are alike."""

    rows: int
    share: Number
    examples: tuple[str, ...] = Field(description="ids of the rows in its middle")


class UnknownFindings(Findings):
    """Rows of the target unlike every known class, at its own class mix."""

    share: Number
    interval: Interval = Field(description="from 0 where they may be known classes that moved")
    reading: Literal["unknown", "moved or unknown"] | None = Field(
        None,
        description="moved or unknown: the other rows moved as well, so that known classes that look "
        "different and classes that no label names can't be told apart; None: there are no such rows",
    )
    new_classes: int | None = Field(
        None, description="groups that they make; None: too few to tell, or they may be known classes"
    )
    largest: tuple[NewClass, ...] = ()


class AdaptedRows(Findings):
    """Rows of the target whose probabilities were written, and those of them not to be trusted."""

    rows: int
    doubtful: int
    unknown: int


class PseudoLabelFindings(Findings):
    """Rows of the target that were labelled, and how surely rightly: if classes look there as they did."""

    asked: Number = Field(description="the share of them that is to be right")
    rows: int = 0
    by_class: tuple[int, ...] = Field((), description="rows given each class, in the order of the record's")
    claimed: Number = Field(None, description="the mean of what is claimed of each: P(its label is right)")
    precision: Number = Field(
        None,
        description="of labelled rows whose labels were hidden, those rightly labelled by the same rule, "
        "at the target's class mix; given labels tell what is right, less the noise that is surely there",
    )
    interval: Interval | None = Field(None, description="of that share, at 95 %")
    rounds: int = Field(0, description="how often the surest rows of each class had come in before")
    why_none: str = Field("", description="why no row was labelled")


class ShiftFindings(Findings):
    """The target window against the source; arrays over the K classes are in the order of the record's."""

    method: str
    prior: tuple[Number, ...] = Field(description="estimated class mix of the target, (K,)")
    source_prior: tuple[Number, ...] = Field(description="(K,)")
    weights: tuple[Number, ...] = Field(description="importance weights, (K,)")
    interval: tuple[Interval, ...] = Field(description="of the prior, (K, 2)")
    total_variation: Number = Field(description="between the two class mixes")
    calibration_nll_gain: Number = None
    notes: tuple[str, ...] = ()
    kind: str | None = Field(
        None, description="label, covariate, both, neither or open-set; None: a target of one row"
    )
    advice: str = ""
    drift: TargetDrift
    unknown: UnknownFindings | None = Field(None, description="None: too few rows to tell")
    adapted: AdaptedRows | None = None
    pseudo_labels: PseudoLabelFindings | None = Field(None, description="None: not asked for")
