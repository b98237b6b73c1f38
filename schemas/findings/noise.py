"""What is found of wrong labels, and of those who gave them."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Class, Findings, Interval, Number


class ConfusedPair(Findings):
    """A true class, the class given instead, and how often that happens to the true class."""

    true: Class
    given: Class
    probability: float


class TagFindings(Findings):
    """What is found of tags of tokens; NoiseFindings' rates and confusions are then of tokens."""

    scheme: str
    tokens: int
    flagged_tokens: int
    sentence_rate: Number = Field(description="estimated share of sentences with a wrong tag")
    skill: float = Field(
        description="share of the tags' entropy that probabilities explain; where it is low, error "
        "probabilities are too high, and the order of sentences holds better"
    )
    spans: int = Field(description="that are given")
    boundary_spans: int = Field(description="given ones that look longer or shorter than they should be")
    type_spans: int = Field(description="given ones that look of another type")
    extra_spans: int = Field(description="given ones that look like none")
    missing_spans: int = Field(description="that look left out")


class NoiseFindings(Findings):
    """How many labels are wrong, how that is known, and which classes are taken for which."""

    method: str
    rate: Number = Field(description="estimated share of wrong labels")
    rate_interval: Interval = Field(description="ends of what the labels leave open; rate_reason says why")
    rate_reason: str | None = Field(
        None, description="what the interval rests on, and why it is no narrower, in words"
    )
    undominated: tuple[Class, ...] = Field(
        (), description="given classes of which another true class is the likeliest source"
    )
    unproven: tuple[Class, ...] = Field(
        (), description="of several labels a row: classes of which no wrong label is claimed"
    )
    steady: bool = Field(
        True, description="errors are as common among rows that are sure as among those that are hard"
    )
    doubt: float = Field(
        0.0, description="by how much in log-odds what is claimed of new labels may be too large"
    )
    flagged: int = Field(description="rows whose labels look wrong")
    flagged_share: Number
    out_of_sample_accuracy: Number = Field(
        None, description="share of given labels that are as predicted by models that never saw the row"
    )
    chance_accuracy: Number = Field(None, description="the same, if the predictions were shuffled")
    accuracy_over_chance: Number = None
    chance_p_value: Number = Field(None, description="that the features tell nothing of the labels")
    top_confusions: tuple[ConfusedPair, ...] = Field((), description="likeliest first")
    copies_disagree: int | None = Field(None, description="rows flagged for what their copies say")
    out_of_scope: int | None = Field(None, description="rows that may be of none of the classes")
    pairs: int | None = Field(None, description="rows with both halves of a pair, where pairs are given")
    mismatched_pairs: int | None = None
    mismatched_share: Number = None
    density: Number = Field(None, description="of several labels a row: share of the cells that are set")
    missing_labels: int | None = Field(None, description="of several labels a row")
    extra_labels: int | None = Field(None, description="of several labels a row")
    tags: TagFindings | None = Field(None, description="of tags of tokens")
    r_squared: Number = Field(None, description="of numbers: variance that predictions explain")
    swapped: int | None = Field(None, description="of numbers: rows whose numbers look exchanged")


class AnnotatorQuality(Findings):
    """How often one annotator is right, as far as all the votes tell."""

    annotator: str
    votes: int
    quality: Number


class VotesProofFindings(Findings):
    """Labels by a method of votes beside those that most annotators gave, by votes that neither has heard."""

    gain: Number = Field(description="of the log score of a held-out vote")
    gain_interval: Interval
    difference: Number = Field(description="of the share of right labels")
    interval: Interval = Field(description="of the difference, 95 %")
    held_out: int = Field(description="votes; 0: no item has enough of them")
    apart: int = Field(description="of these, votes on items of which the labels differ")
    carried: str = Field(description="the method whose labels the rows have")
    why_majority: str = Field(
        "", description="why that is the shares of the votes, in a sentence; empty if it isn't"
    )


class CrowdFindings(Findings):
    """How annotators agree, where labels are made of votes."""

    method: str
    items: int
    votes: int
    not_given: int = Field(0, description="rows without an item, an annotator or an answer: no votes")
    annotators: int
    alpha: Number = Field(description="Krippendorff's alpha: agreement beyond chance")
    kappa: Number = Field(description="Fleiss' kappa")
    quality: Number = Field(description="share of votes that are right")
    lowest: tuple[AnnotatorQuality, ...] = Field((), description="annotators who are right the least")
    proof: VotesProofFindings | None = Field(None, description="None: nothing but shares was asked for")
