"""What is found of labels that are inferred of what was observed of their rows."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Number


class InferredFindings(Findings):
    """How labels were inferred, and how much the features tell of what was observed."""

    kinds: dict[str, int] = Field(description="rows of each kind")
    fitted_on: int = Field(description="rows that the first rounds were fitted on")
    rounds: int = Field(description="of expectation-maximisation on these")
    all_rows: bool = Field(
        description="a round over all rows was taken, or the rows fitted on are all there are"
    )
    log_likelihood: Number = Field(
        description="of what was observed of a labelled row, by probes without its fold"
    )
    log_likelihood_of_mix: Number = Field(description="the same by the class mix alone")
    p_value: Number = Field(description="that the features tell nothing of what was observed")
    confidence: Number = Field(description="mean P(the inferred label is right), as claimed")
    propensity: tuple[float, ...] | None = Field(
        None, description="P(labelled | class), estimated, of kind single-positive"
    )
    bags_cut: int | None = Field(
        None, description="bags in several partitions, whose proportions were taken for those of each row"
    )
