"""How far probabilities are as right as they say, and what they were held against."""

from __future__ import annotations

from pydantic import Field

from labelworks.schemas.findings.base import Findings, Number


class ReliabilityBin(Findings):
    """Rows of whose likeliest class about as much is said."""

    rows: float = Field(description="how many, as they count")
    said: float = Field(description="mean probability of the likeliest class")
    right: float = Field(description="share of them of which it is right")


class CalibrationFindings(Findings):
    """Of the probabilities of one model."""

    of: str = Field(description="probes, pred_probs (the user's own) or posterior (which knows the labels)")
    against: str = Field(description="what they were held against")
    rows: float = Field(description="how many, as they count")
    error: Number = Field(description="expected calibration error, by 15 bins of the likeliest class")
    overconfidence: Number = Field(description="how much more is said than is right, in the mean")
    brier: Number = Field(
        description="mean square of what is said of the likeliest class less 1 if it is right"
    )
    log_loss: Number
    bins: tuple[ReliabilityBin, ...] = Field((), description="those that have rows, the lowest first")
