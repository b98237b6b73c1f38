"""How the posterior of the true label holds against what people say of rows of a sample of strata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.findings import CalibrationFindings
from labelworks.tasks.artifacts.decisions.estimates import design_of
from labelworks.tasks.methods.findings.calibration import AUDITED, calibration_findings
from labelworks.tasks.methods.inference.reliability import ReliabilitySums

DESIGN = "strata"


def held_against_people(
    kept: Sequence[tuple[int, RowDecision, Any]], places: NDArray[np.int64], posterior: NDArray[np.floating]
) -> CalibrationFindings | None:
    """Of rows (n,) at places, with posteriors (n, K); kept: place, answer, and the codes that it names.

    By the sample with most answers, each row by 1 / its probability of being shown: only these speak of all
    rows. Rows of none of the classes, or of several, are left out. None: there is no such sample.
    """
    by_sample: dict[str, dict[int, tuple[int, float]]] = {}
    for place, decision, named in kept:
        codes = [int(code) for code in np.atleast_1d(named)]
        drawn = decision.sample and design_of(decision.sample) == DESIGN and decision.probability
        if drawn and len(codes) == 1 and codes[0] < posterior.shape[1]:
            rows = by_sample.setdefault(str(decision.sample), {})
            rows[place] = codes[0], 1 / float(decision.probability or 1)
    sample = max(by_sample.values(), key=len, default={})
    if not sample:
        return None
    at = np.searchsorted(places, list(sample))
    code, weight = (np.array(values) for values in zip(*sample.values(), strict=True))
    said = posterior[at].astype(np.float64)
    best = said.argmax(axis=1)
    sums = ReliabilitySums.of(said.max(axis=1), best == code, said[np.arange(len(at)), code], weight)
    return calibration_findings("posterior", AUDITED, sums)
