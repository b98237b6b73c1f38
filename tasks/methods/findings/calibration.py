"""From sums of reliability to findings."""

from __future__ import annotations

import numpy as np

from labelworks.schemas.findings import CalibrationFindings, ReliabilityBin
from labelworks.tasks.methods.inference.reliability import ReliabilitySums

PROBES, OWN, OWN_TRUE = "probes", "pred_probs", "pred_probs, of the true class"
AGAINST = {
    PROBES: "given labels, which they foretell",
    OWN: "given labels, as if they foretold these",
    OWN_TRUE: "given labels through the estimated noise transition, as if they foretold the true class",
}
AUDITED = "rows that people looked at, by their probability of being shown"


def calibration_findings(of: str, against: str, sums: ReliabilitySums) -> CalibrationFindings | None:
    """What the sums of one model say; None: there are no rows."""
    rows = float(sums.rows.sum())
    if not rows:
        return None
    bins = tuple(
        ReliabilityBin(
            rows=sums.rows[at], said=sums.said[at] / sums.rows[at], right=sums.right[at] / sums.rows[at]
        )
        for at in np.flatnonzero(sums.rows).tolist()
    )
    return CalibrationFindings(
        of=of, against=against, rows=rows, error=sums.error, overconfidence=sums.overconfidence,
        brier=sums.brier / rows, log_loss=sums.log_loss / rows, bins=bins,
    )  # fmt: skip
