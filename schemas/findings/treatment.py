"""What was done to labels and weights, and whether it made them better."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Interval, Number
from labelworks.schemas.findings.decisions import DecisionsFindings
from labelworks.schemas.findings.judges import JudgesFindings


class WeightFactor(Findings):
    """One factor of the rows' weights, over all rows, before the product is clipped."""

    name: str
    mean: Number
    lowest: Number
    highest: Number


class TreatmentFindings(Findings):
    """Rows by what was decided on them, and what their weights leave of them."""

    mode: str
    objective: str | None = Field(None, description="what labels are changed for, by its method")
    objective_value: Number = Field(None, description="the share or the rows that it names")
    claimed: Number = Field(None, description="mean probability that a changed label is right now")
    objective_note: str | None = Field(None, description="why nothing, or less, was changed, in a sentence")
    keep: int
    relabel: int
    review: int
    infer: int = Field(0, description="rows whose label is inferred of what was observed")
    decided: int = Field(0, description="rows whose label people decided")
    drop: int = Field(0, description="rows that people say are of none of the classes: of weight 0")
    relabelled: int
    changed_share: Number
    review_share: Number = None
    min_weight: Number = None
    max_weight: Number = Field(None, description="the largest, where the mean is 1")
    clipped_over: Number = Field(
        None, description="importance is no more than this; None: nothing was clipped"
    )
    factors: tuple[WeightFactor, ...] = Field((), description="of the weights")
    effective_sample_share: Number = Field(description="rows that weigh as much, of all")
    classes_lost: int | None = Field(None, description="classes that no row is of any more")
    classes_weightless: int | None = Field(None, description="classes whose rows count for nothing")
    judges: JudgesFindings | None = Field(None, description="models that were asked; None: nobody was")
    decisions: DecisionsFindings | None = Field(None, description="of people; None: nobody decided anything")


class ArmFindings(Findings):
    """A treatment that was compared with the given labels."""

    name: str = Field(description="weights, proposed, likeliest or again")
    gain: Number = Field(description="of the log score of a held-out label, over the given labels' model")
    gain_interval: Interval
    difference: Number = Field(description="of accuracy")
    interval: Interval


class PartFindings(Findings):
    """The difference on a part of the held-out rows."""

    rows: int
    difference: Number
    interval: Interval


class ValidationFindings(Findings):
    """A model trained on raw labels against one trained on treated ones, on rows that neither has seen."""

    accuracy_raw: Number
    accuracy_treated: Number
    difference: Number
    interval: Interval = Field(description="of the difference, 95 %")
    at_limit: bool = Field(False, description="the difference is as much as the held-out rows can tell")
    model: str = "multinomial"
    holdout_rows: int
    agreement_raw: Number = Field(None, description="with the given labels, which are noisy")
    agreement_treated: Number = None
    measured_against: str
    measure: str = Field("accuracy", description="what accuracy_raw, accuracy_treated and difference are of")
    gain: Number = Field(
        None, description="of the log score of a held-out label, of the arm chosen without its fold"
    )
    gain_interval: Interval | None = None
    arm: str = Field("proposed", description="the arm of the largest gain; given: none changes anything")
    arms: tuple[ArmFindings, ...] = ()
    by_class: dict[str, PartFindings] = Field(
        {}, description="rows that either model calls so, the largest differences first"
    )
    by_group: dict[str, PartFindings] = Field(
        {}, description="rows of each group of detect.groups, by column and value"
    )
    apart: int | None = Field(None, description="compared rows on which the two models differ")
    audited: Number = Field(None, description="the difference by people who looked at some of those")
    audited_interval: Interval | None = None
    looks: int = Field(0, description="rows that they looked at")
    published: str = Field("proposed", description="the arm that a version carries")
    why_given: str = Field(
        "", description="why it carries the given labels, in a sentence; empty if it doesn't"
    )
