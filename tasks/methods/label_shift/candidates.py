"""The estimates that `auto` averages, all from one pair of calibrated windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import FLOOR, Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.confusion import covariance
from labelworks.tasks.methods.label_shift.elsa import Moments, solve
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.kdey import densities
from labelworks.tasks.methods.label_shift.mixture import maximise
from labelworks.tasks.methods.label_shift.shrinkage import Shrunk, shrink

PAIRS = 40_000_000  # of labelled and target rows, above which the kernels cost too much


@dataclass(frozen=True)
class Centres:
    """Labelled rows that carry a kernel: calibrated probabilities (N, K) and given labels (N,)."""

    probs: Matrix
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """Estimated priors (5 to 7, K), and what the errors of the moments are.

    In order: moments, these after a step of EM, both shrunken, EM, kernels, EM by the simpler calibration.
    """

    priors: Floats
    moments: Moments
    shrunk: Shrunk
    of_prior: Floats


def candidates(windows: Windows, kernels: Centres | None, simpler: Windows | None = None) -> Candidates:
    """Five to seven estimates from calibrated windows.

    kernels: the labelled rows that carry one; simpler: the windows by a calibration of fewer parameters;
    None leaves an estimate out.
    """
    moments = solve(windows)
    of_weights, of_prior = covariance(windows, moments.sums, moments.weights, moments.inverse)
    shrunk = shrink(moments.weights, of_weights)
    source = windows.probs.mean(axis=0, dtype=np.float64)
    plain = on_simplex(moments.sums.prior * moments.weights, windows)
    pulled = on_simplex(moments.sums.prior * shrunk.weights, windows)
    stepped, pulled_stepped = (
        one_step(windows, prior / np.maximum(source, FLOOR)) for prior in (plain, pulled)
    )
    made = [plain, stepped, pulled, pulled_stepped, _likeliest(windows, source, plain)]
    if kernels is not None:
        density = densities(windows.target, kernels.probs, kernels.labels, moments.sums.undo)
        made.append(maximise(density, plain, tolerance=1e-6).weights)
    if simpler is not None:
        made.append(_likeliest(simpler, simpler.probs.mean(axis=0, dtype=np.float64), plain))
    return Candidates(np.stack(made), moments, shrunk, of_prior)


def _likeliest(windows: Windows, source: Floats, start: Floats) -> Floats:
    """What EM converges to; source: (K,), the mean calibrated probability of the source."""
    over = np.divide(1, source, out=np.zeros_like(source), where=source > 0).astype(np.float32)
    return maximise(windows.target * over, start, tolerance=1e-7).weights


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
