"""Label shift: what the class mix of another window is."""

from __future__ import annotations

from numpy.typing import ArrayLike

from labelworks.tasks.methods.label_shift.estimator import estimate
from labelworks.tasks.methods.label_shift.inputs import check
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate
from labelworks.tasks.methods.label_shift.streaming import estimate_prior_over

__all__ = [
    "Calibration",
    "PriorEstimate",
    "estimate_prior",
    "estimate_prior_over",
]


def estimate_prior(
    labels: ArrayLike,
    probs: ArrayLike,
    target_probs: ArrayLike,
    *,
    method: str = "auto",
    noise_transition: ArrayLike | None = None,
) -> PriorEstimate:
    """Estimate the prior of the true labels in an unlabelled window.

    labels: (N,) integer codes of the given labels; probs: (N, K) out-of-sample; target_probs: (M, K) by the
    same classifier; noise_transition: (K, K), P(given | true), where the given labels are noisy.
    Raises InputError on bad rows, ConfigError on an unknown method.
    """
    windows = check(labels, probs, target_probs, noise_transition)
    return estimate(method, windows)
