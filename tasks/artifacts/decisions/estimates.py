"""What audits of a dataset say: its rate of wrong labels, the share of changes that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelworks.schemas.decisions import RowDecision
from labelworks.tasks.artifacts.decisions.samples import answers_by_sample
from labelworks.tasks.artifacts.shown.rows_by_id import BETWEEN, as_text
from labelworks.tasks.methods.audit.share import UNTOLD, AuditedStrata, ShareEstimate, strata_share

SAYS = {"strata": "labels that are wrong", "changes": "changes that are right"}


@dataclass(frozen=True)
class SampleEstimate:
    """What the answers to a sample say of all it was drawn from; unsure: rows that nobody was sure of."""

    sample: str
    found: ShareEstimate
    unsure: int

    @property
    def says(self) -> str:
        """It in a line, with the sample's name."""
        return f"{self.brief} ({self.sample})"

    @property
    def brief(self) -> str:
        """It in a line."""
        estimate = self.found
        value, low, high = (f"{100 * share:.1f}" for share in (estimate.value, *estimate.interval))
        unsure = f", {self.unsure:,} unsure" if self.unsure else ""
        about = SAYS[design_of(self.sample)]
        return f"{about}: {value} % [{low}, {high}] by {estimate.looks:,} looks{unsure}"


def sample_estimates(decisions: Sequence[RowDecision]) -> list[SampleEstimate]:
    """What each sample says by its answers so far, in the order of the samples.

    Rows of a stratum that nobody was sure of are taken to be as the others of it are.
    """
    return [
        estimate
        for sample, rows in answers_by_sample(decisions).items()
        if design_of(sample) in SAYS and (estimate := _estimate(sample, list(rows.values())))
    ]


def design_of(sample: str) -> str:
    """The design that a sample was drawn by."""
    return sample.partition("-")[0]


def _estimate(sample: str, rows: list[RowDecision]) -> SampleEstimate | None:
    sure = [row for row in rows if row.answer != "unsure"]
    if not sure:
        return None
    right = right_as_given if design_of(sample) == "strata" else right_as_suggested
    wanted = design_of(sample) == "changes"
    so = np.array([right(row) == wanted for row in sure], np.float64)
    numbers = sorted({row.stratum or 0 for row in rows})
    by_number = {row.stratum or 0: row for row in rows}
    strata = AuditedStrata.of(
        [by_number[number].stratum_rows or 1 for number in numbers],
        [_likely(by_number[number]) for number in numbers],
        np.searchsorted(numbers, [row.stratum or 0 for row in sure]),
        so,
        np.array([1 / (row.probability or 1) for row in sure]),
    )
    return SampleEstimate(sample, strata_share(strata), len(rows) - len(sure))


def _likely(row: RowDecision) -> float:
    return UNTOLD if row.stratum_likely is None else row.stratum_likely


def right_as_given(decision: RowDecision) -> bool:
    """Whether the answer is the given label."""
    return decision.answer == "keep" or _says(decision, decision.given)


def right_as_suggested(decision: RowDecision) -> bool:
    """Whether the answer is the suggested label."""
    if decision.answer == "keep":
        return decision.given == decision.suggestion
    return _says(decision, decision.suggestion)


def _says(decision: RowDecision, label: str | None) -> bool:
    """Whether the answer names this label, as it is shown; of several classes in any order, or of none."""
    if label is None or decision.answer in ("keep", "unsure"):
        return False
    if decision.number is not None:
        return as_text(decision.number) == label
    if decision.answer == "class":
        return decision.classes == (label,)
    return sorted(decision.classes) == sorted(label.split(BETWEEN) if label else ())
