"""Distribution shift: what the class mix of another window is, and whether that window has moved at all."""

from __future__ import annotations

from numpy.typing import ArrayLike

from schemas.errors import ConfigError
from tasks.methods import registry
from tasks.methods.drift.base import DriftTest, drift_test, pair
from tasks.methods.drift.streaming import drift_over
from tasks.methods.label_shift.inputs import check, check_alpha
from tasks.methods.label_shift.result import Calibration, PriorEstimate
from tasks.methods.label_shift.streaming import estimate_prior_over

__all__ = [
    "Calibration",
    "DriftTest",
    "PriorEstimate",
    "drift_over",
    "estimate_prior",
    "estimate_prior_over",
    "test",
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
    chosen = registry.get("shift", method)
    if "target_probs" not in chosen.needs:
        raise ConfigError(f"shift method {method!r} doesn't estimate a prior")
    estimate: PriorEstimate = chosen.target(windows)
    return estimate


def test(reference: ArrayLike, current: ArrayLike, *, method: str = "auto", alpha: float = 0.05) -> DriftTest:
    """Test whether two windows of features come from one distribution.

    reference: (n, D), current: (m, D), finite. Look at `effect` beside `p_value`: of enough rows every
    difference is significant. Raises InputError on bad rows, ConfigError on an unknown method or level.
    """
    check_alpha(alpha)
    first, second = pair(reference, current)
    return drift_test(method)(first, second, alpha)
