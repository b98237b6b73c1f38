"""The posterior of labels made of rules: what the rules say of a row, and what a model sees in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.crowd_posterior import CrowdPosterior
from labelworks.tasks.methods.registry import register


@register("noise", "rule-posterior", needs=("pred_probs", "votes"), source="Raykar et al. 2010; Stone 1961")
class RulePosterior(CrowdPosterior):
    """P(true | x, rules), the product of both as for people, as far as the model doesn't repeat the rules.

    Rules look at the row, and so does the model: where both see the same words it foretells the rules' own
    errors, and multiplied the two would be far too sure. A model that only sees the class can't agree with
    labels more often than these are right. The more it does, by what the rules claim, the more the mean of
    the two opinions takes the place of their product. Options: sample, threshold, seed, as `crowd-posterior`.
    """

    name = "rule-posterior"
    independent = 1.0

    def _sharpening(self, probs: NDArray[np.float32], votes: NDArray[np.float32]) -> float:
        """τ, as of people; also how far model and rules are independent."""
        self.independent = independence(probs, votes)
        return super()._sharpening(probs, votes)

    def _posterior(self, probs: NDArray[np.float32], votes: NDArray[np.float32]) -> NDArray[np.float32]:
        product = super()._posterior(probs, votes)
        mean = (votes + probs) / 2
        return np.asarray(self.independent * product + (1 - self.independent) * mean, np.float32)


def independence(probs: NDArray[np.floating], votes: NDArray[np.floating]) -> float:
    """How far a model (n, K) doesn't know what the rules (n, K) say but by the class, in [0, 1].

    0 where it agrees with them on half of what they themselves leave open, or more.
    """
    open_share = 1 - float(votes.max(axis=1).mean(dtype=np.float64))
    unlike = float((probs.argmax(axis=1) != votes.argmax(axis=1)).mean())
    return float(np.clip(2 * unlike / max(open_share, 1e-9) - 1, 0, 1))
