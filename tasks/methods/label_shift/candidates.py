"""The estimates that `auto` averages, all from one pair of calibrated windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from labelworks.tasks.methods.arrays import FLOOR, Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.confusion import covariance, inverse_transition
from labelworks.tasks.methods.label_shift.dirichlet_prior import Pulled, plausible, pulled
from labelworks.tasks.methods.label_shift.elsa import Moments
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.kdey import Centres, densities
from labelworks.tasks.methods.label_shift.mixture import Mixture, maximise
from labelworks.tasks.methods.label_shift.shrinkage import Shrunk, shrink

PAIRS = 40_000_000  # of labelled and target rows, above which the kernels cost too much


@dataclass(frozen=True)
class Candidates:
    """Estimated priors (3 to 8, K), and what is known of their errors.

    In order: EM, under Dirichlet priors and after a step of EM; where there are moments these, after a step
    of EM, both shrunken; kernels; EM by the simpler calibration. `shift`: of the population sampled;
    `shrunk_fit`: the target's likelihood doesn't reject the shrunken moments.
    """

    priors: Floats
    shift: Pulled
    moments: Moments | None
    shrunk: Shrunk | None
    of_prior: Floats | None
    shrunk_fit: bool


def candidates(
    windows: Windows,
    kernels: Centres | None,
    simpler: Windows | None = None,
    *,
    moments: Moments | None = None,
    like: Candidates | None = None,
) -> Candidates:
    """Three to eight estimates from calibrated windows.

    kernels: the labelled rows that carry one; simpler: the windows by a calibration of fewer parameters;
    moments: solved from these windows; None leaves an estimate out. like: of windows such as these, whose
    Dirichlet priors hold here as well.
    """
    source, worth = windows.probs.mean(axis=0, dtype=np.float64), _worth(windows)
    ratio = _ratio(windows, source)
    known = on_simplex(windows.given_prior @ inverse_transition(windows), windows)
    likely = maximise(ratio, known, tolerance=1e-7)
    pulls = plausible(ratio, known, worth) if like is None else like.shift.pulls
    shift = pulled(ratio, pulls, worth, known)
    over = 1 / np.maximum(source, FLOOR)
    made = [likely.weights, one_step(windows, shift.shares * over)]
    shrunk, of_prior, fit = None, None, False
    if moments is not None:
        of_weights, of_prior = covariance(windows, moments.sums, moments.weights, moments.inverse)
        shrunk = shrink(moments.weights, of_weights, None if like is None else like.shrunk)
        both = moments.weights, shrunk.weights
        plain, low = (on_simplex(moments.sums.prior * ratio, windows) for ratio in both)
        if like is None:
            fit = _not_rejected(ratio, low, likely, worth)
        made += [plain, one_step(windows, plain * over), low, one_step(windows, low * over)]
    if kernels is not None:
        undo = inverse_transition(windows)
        density = densities(windows.target, kernels, undo)
        made.append(maximise(density, known, tolerance=1e-6).weights)
    if simpler is not None:
        other = simpler.probs.mean(axis=0, dtype=np.float64)
        made.append(maximise(_ratio(simpler, other), known, tolerance=1e-7).weights)
    return Candidates(np.stack(made), shift, moments, shrunk, of_prior, fit)


def _not_rejected(ratio: Matrix, prior: Floats, likely: Mixture, worth: float) -> bool:
    """Whether a prior (K,) passes the likelihood ratio test against the likeliest one, at 5 %."""
    density = np.maximum(ratio @ prior.astype(np.float32), np.float32(1e-30))
    short = likely.value - float(np.log(density).mean(dtype=np.float64))
    return 2 * worth * len(ratio) * short < float(chdtri(len(prior) - 1, 0.05))


def _worth(windows: Windows) -> float:
    """What a row of the target counts: what the classes look like was learnt from the labelled rows alone."""
    return 1 / (1 + len(windows.target) / len(windows.labels))


def _ratio(windows: Windows, source: Floats) -> Matrix:
    """Likelihoods of the classes of each target row; source: (K,), the source's mean probability."""
    over = np.divide(1, source, out=np.zeros_like(source), where=source > 0)
    return np.asarray(windows.target * over.astype(np.float32))


def on_simplex(prior: Floats, windows: Windows) -> Floats:
    """Clip to the simplex; classes without a labelled row get nothing."""
    clipped = np.where(windows.absent, 0.0, np.maximum(prior, 1e-7))
    return np.asarray(clipped / clipped.sum())


def one_step(windows: Windows, weights: Floats) -> Floats:
    """Mean posterior of the target under the weights: what share of these very rows each class has."""
    total, narrow = np.zeros(len(weights)), weights.astype(np.float32)
    for part in blocks(*windows.target.shape):
        rows = windows.target[part] * narrow
        rows /= np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-30))
        total += rows.sum(axis=0, dtype=np.float64)
    return np.asarray(total / total.sum())
