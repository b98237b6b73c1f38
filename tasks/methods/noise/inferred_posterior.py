"""The posterior of labels that were inferred of what was observed: it has heard the probes already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise.crowd_posterior import CrowdPosterior
from labelworks.tasks.methods.registry import register

CLAIMED = "it is what is claimed of inferred labels; the range is of rows, not of whether the claim is right"


@register("noise", "inferred-posterior", needs=("pred_probs", "votes"), source="Dempster, Laird & Rubin 1977")
class InferredPosterior(CrowdPosterior):
    """P(true | what was observed, x), as EM gave it by probes that never saw the row's own fold.

    Given labels are its likeliest classes, so a flag says that another class, or all others together, are
    likelier than not. Options: sample, threshold, seed, as `crowd-posterior`.
    """

    name = "inferred-posterior"

    def _sharpening(self, probs: NDArray[np.float32], votes: NDArray[np.float32]) -> float:
        """1: nothing is joined, so nothing has to be as sure as the other."""
        return 1.0

    def score(self, labels: ArrayLike, pred_probs: Any, **beside: Any) -> NoiseResult:
        """Judge a part, after finish: labels (n,), pred_probs (n, K), votes (n, K), the posterior."""
        return replace(super().score(labels, pred_probs, **beside), reason=CLAIMED)

    def _posterior(self, probs: NDArray[np.float32], votes: NDArray[np.float32]) -> NDArray[np.float32]:
        return votes
