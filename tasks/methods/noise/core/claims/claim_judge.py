"""What is to be claimed of suggestions: as far as flips, sure rows and neighbours bear it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.claims.claim_calibration import (
    FEWEST,
    ClaimCalibration,
    ClaimRows,
    Score,
    calibrated,
)
from labelworks.tasks.methods.noise.core.claims.confident_opinion import ConfidentOpinion
from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise.core.second_view import worth_hearing
from labelworks.tasks.methods.noise.core.transition_em import undominated

MOSTLY = 0.5  # of the errors by the transition, borne out by sure rows: else it is the model that is wrong


@dataclass(frozen=True, eq=False)
class ClaimJudge:
    """Fitted on a sample; lowers the claims of any rows.

    opinion: of confident learning, where the transition doesn't tell which labels are right and sure rows
    bear out that most of these errors are there, else None;
    hears: whether what neighbours vote for is a condition of a claim.
    """

    calibration: ClaimCalibration
    opinion: ConfidentOpinion | None
    hears: bool

    @classmethod
    def fit(cls, score: Score, rows: ClaimRows, seed: int = 0) -> ClaimJudge:
        """Learn from rows; score: what judges labels (n,) of them."""
        hears = rows.vote is not None and worth_hearing(rows.given, rows.probs, rows.vote, FEWEST)
        scored = score(rows.given)
        calibration = calibrated(score, scored, replace(rows, hears=hears), seed)
        counts = np.bincount(rows.given, minlength=rows.probs.shape[1])
        asked = len(undominated(scored.transition, counts)) > 0 and calibration.borne_out >= MOSTLY
        opinion = ConfidentOpinion.fit(rows.given, rows.probs) if asked else None
        return cls(calibration, opinion, hears)

    def __call__(
        self,
        found: NoiseResult,
        given: NDArray[np.int32],
        probs: NDArray[np.float32],
        vote: NDArray[np.int32] | None,
    ) -> NoiseResult:
        """The result for rows (N,) with what it claims of its suggestions, by posterior, vote and flips."""
        suggested = found.shares[np.arange(len(given)), found.suggestion]
        claim = np.where(found.flag, self.calibration(suggested), suggested)
        if self.hears and vote is not None:
            claim[found.flag & (vote != found.suggestion)] = 0
        said = (None, None) if self.opinion is None else self.opinion(given, probs)
        return replace(
            found,
            claim=claim.astype(np.float32),
            doubt=self.calibration.doubt,
            confident=said[0],
            confident_probability=said[1],
        )
