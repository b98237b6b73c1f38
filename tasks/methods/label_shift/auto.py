"""The estimator for whoever doesn't want to choose one: no single method wins everywhere.

Efficient moments, maximum likelihood and their empirical-Bayes versions are averaged; how much each counts is
decided by the errors that they make on shifts simulated from the labelled window, at the shift found here.
One that errs far more than the best in any of them counts nothing; nor do moments of too few labelled rows.
Where vector scaling has the lower NLL, EM by the simpler calibration is one more: it may be the better one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.optimize import nnls

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.calibration import calibrate, mean_posterior
from labelworks.tasks.methods.label_shift.calibration_newton import Family, fit, given_posterior, softmax
from labelworks.tasks.methods.label_shift.candidates import PAIRS, Candidates, candidates, on_simplex
from labelworks.tasks.methods.label_shift.confusion import inverse_transition, untold
from labelworks.tasks.methods.label_shift.elsa import calibrated_windows, solve
from labelworks.tasks.methods.label_shift.em import likelihood_ratio
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows, log_probs
from labelworks.tasks.methods.label_shift.intervals import likelihood_interval
from labelworks.tasks.methods.label_shift.kdey import Centres
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate, finish, normal_interval
from labelworks.tasks.methods.label_shift.streaming import estimate_prior_over

LARGE = 40_000_000  # elements of a window; beyond, in parts and without simulated shifts
ERRORS = 300  # errors to compare the candidates by: classes × simulated shifts
ROWS_PER_CLASS = 100  # labelled, for a scale of its own for each class
UNSTABLE = 4.0  # times the error of the best, in any of the simulated shifts
STEADY = 1e-3  # ridge on the averaging, relative to the mean squared error


@estimator("auto", source="Tian 2023, Saerens 2002")
def auto(windows: Windows) -> PriorEstimate:
    """Average moments, likelihood and both shrunken, by the errors they make on simulated shifts."""
    if max(windows.probs.size, windows.target.size) > LARGE:
        return _over(windows)
    averaged = average(windows)
    candidates_of, shares, calibration = averaged.found, averaged.shares, averaged.calibration
    prior = shares @ candidates_of.priors
    interval, errors = _interval(windows, calibration, candidates_of, prior)
    notes = () if averaged.untold is None else (f"{averaged.untold}: estimated without moments",)
    source = windows.given_prior @ inverse_transition(windows)
    estimate = finish(windows, "auto", prior, interval, source, calibration=calibration, notes=notes)
    return replace(estimate, covariance=errors)


@dataclass(frozen=True)
class Averaged:
    """The candidates, the share (J,) of each in the estimate, and why moments are left out, or None."""

    found: Candidates
    shares: Floats
    calibration: Calibration
    untold: str | None


def average(windows: Windows) -> Averaged:
    """Candidates of windows whose classes all have labelled rows, weighed by what simulated shifts show."""
    calibrations = _calibrate(windows)
    ready, *simpler = (calibrated_windows(windows, calibration) for calibration in calibrations)
    few = len(ready.probs) * len(ready.target) <= PAIRS
    kernels = Centres(ready.probs, windows.labels) if few else None
    moments = solve(ready)
    why = untold(ready, moments.sums)
    tried = candidates(ready, kernels, *simpler, moments=None if why else moments)
    errors = _Simulation(windows, ready, calibrations, tried, kernels is not None).errors()
    return Averaged(tried, weigh(errors), calibrations[0], why)


def _over(windows: Windows) -> PriorEstimate:
    """The estimate of large windows, block by block."""
    rows, K = windows.probs.shape
    return estimate_prior_over(
        lambda: ((windows.labels[part], windows.probs[part]) for part in blocks(rows, K)),
        lambda: (windows.target[part] for part in blocks(len(windows.target), K)),
        noise_transition=windows.transition,
    )


def weigh(errors: Floats) -> Floats:
    """Shares (J,) of J candidates that minimise the squared error of their average; errors (shifts, J, K).

    None for a candidate that one of the simulated shifts shows unstable.
    """
    steady = _steady(errors)
    kept = np.concatenate(list(errors[:, steady]), axis=1)
    moments = kept @ kept.T
    moments *= len(moments) / max(float(np.trace(moments)), 1e-30)
    factor = cholesky(moments + STEADY * np.eye(len(moments)))
    sure = 1e3 * np.ones((1, len(moments)))  # the shares sum to 1
    shares = np.zeros(errors.shape[1])
    shares[steady] = nnls(np.vstack([factor, sure]), np.append(np.zeros(len(moments)), 1e3))[0]
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _steady(errors: Floats) -> NDArray[np.bool_]:
    """Candidates (J,) that in no shift err far more than the one that is best over all."""
    wrong, best = np.abs(errors).mean(axis=2), int(np.square(errors).mean(axis=(0, 2)).argmin())
    return np.asarray((wrong <= UNSTABLE * wrong[:, [best]]).all(axis=0))


def _interval(
    windows: Windows, calibration: Calibration, found: Candidates, prior: Floats
) -> tuple[Floats, Floats]:
    """By the errors of the moments; where there are none of use, that of the likelihood's own maximum.

    Beside it the covariance (K, K) of these errors.
    """
    if found.of_prior is not None:
        return normal_interval(prior, np.sqrt(np.maximum(np.diag(found.of_prior), 0))), found.of_prior
    source = mean_posterior(calibration, windows.probs)
    ratio = likelihood_ratio(calibration, source, windows)
    interval, errors = likelihood_interval(windows, calibration, source, ratio, found.priors[0])
    low, high = interval.T
    return np.stack([np.minimum(low, prior), np.maximum(high, prior)], axis=1), errors


def _calibrate(windows: Windows) -> list[Calibration]:
    """Bias-corrected temperature, after vector scaling where rows suffice and its held-out NLL is lower."""
    plain = calibrate(windows, "bcts")
    if len(windows.labels) < ROWS_PER_CLASS * windows.classes:
        return [plain]
    vector = calibrate(windows, "vector")
    return [vector, plain] if vector.nll_after < plain.nll_after else [plain]


def _again(rng: np.random.Generator, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bootstrap (N,) of the labelled rows, as many of each class as there are: no class is lost."""
    counts, order = np.bincount(labels), np.argsort(labels, kind="stable")
    within = (rng.random(len(labels)) * counts[labels]).astype(np.int64)
    return np.asarray(order[(np.cumsum(counts) - counts)[labels] + within])


@dataclass(frozen=True)
class _Simulation:
    """Bootstrap of the labelled window, and target windows drawn from it at the shift that was found."""

    windows: Windows
    ready: Windows
    calibrations: list[Calibration]
    found: Candidates
    kernels: bool

    def errors(self) -> Floats:
        """Errors of the candidates, (simulated shifts, 3 to 8, K)."""
        rng, K = np.random.default_rng(0), self.windows.classes
        logs = [log_probs(self.windows.probs, calibration.undo) for calibration in self.calibrations]
        truth, shifts = self._truth(), int(np.clip(-(-ERRORS // K), 1, 8))
        return np.stack([self._round(rng, logs, truth, weights) for weights in self._draw(rng, shifts)])

    def _round(self, rng: np.random.Generator, logs: list[Matrix], truth: Matrix, weights: Floats) -> Floats:
        n, rows = len(truth), _again(rng, self.windows.labels)
        chance = truth @ weights.astype(np.float32)
        target = rng.choice(n, len(self.windows.target), p=chance / chance.sum(dtype=np.float64))
        fits = [self._refit(*held, rows) for held in zip(self.calibrations, logs, strict=True)]
        simulated, *simpler = (
            self._simulated(log, rows, target, *fit) for log, fit in zip(logs, fits, strict=True)
        )
        moments = None if self.found.moments is None else solve(simulated)
        kernels = self._kernels(logs[0], rows, target, *fits[0])
        made = candidates(simulated, kernels, *simpler, moments=moments, like=self.found)
        return np.asarray(made.priors - truth[target].mean(axis=0, dtype=np.float64))

    def _simulated(
        self, logs: Matrix, rows: NDArray[np.int64], target: NDArray[np.int64], scale: Floats, bias: Floats
    ) -> Windows:
        source, moved = (softmax(logs[which], scale, bias)[0] for which in (rows, target))
        return Windows(self.windows.labels[rows], source, moved, self.windows.transition)

    def _kernels(
        self,
        logs: Matrix,
        rows: NDArray[np.int64],
        target: NDArray[np.int64],
        scale: Floats,
        bias: Floats,
    ) -> Centres | None:
        """The rows of the bootstrap, but for no row of the target itself."""
        if not self.kernels:
            return None
        kept, times = np.unique(rows, return_counts=True)
        place = np.minimum(np.searchsorted(kept, target), len(kept) - 1)
        own = np.where(kept[place] == target, place, -1)
        return Centres(softmax(logs[kept], scale, bias)[0], self.windows.labels[kept], times, own)

    def _truth(self) -> Matrix:
        """What is known of the true label of each labelled row, (N, K)."""
        labels = self.windows.labels
        if self.windows.transition is None:
            return np.eye(self.windows.classes, dtype=np.float32)[labels]
        return given_posterior(self.ready.probs, labels, self.windows.transition)

    def _draw(self, rng: np.random.Generator, shifts: int) -> Floats:
        """Weights (shifts, K) drawn from their posterior.

        That of the shrunken moments keeps what a few classes did apart from all others; where the target's
        likelihood rejects it, as classes look too much alike for moments, that of the Dirichlet priors.
        """
        source = np.maximum(self.windows.given_prior @ inverse_transition(self.windows), 0)
        shares, covariance = self._posterior(source)
        values, axes = np.linalg.eigh(covariance)
        noise = (rng.normal(size=(shifts, len(values))) * np.sqrt(np.maximum(values, 0))) @ axes.T
        prior = np.stack([on_simplex(shares + drawn, self.windows) for drawn in noise])
        return np.divide(prior, source, out=np.zeros_like(prior), where=source > 0)

    def _posterior(self, source: Floats) -> tuple[Floats, Floats]:
        """Shares (K,) of the population that the target was drawn from, and their covariance."""
        shrunk, shift = self.found.shrunk, self.found.shift
        if shrunk is not None and self.found.shrunk_fit:
            return source * shrunk.weights, shrunk.covariance * np.outer(source, source)
        return shift.shares, shift.covariance

    def _refit(self, given: Calibration, logs: Matrix, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        if given.kind == "none":
            return given.scale, given.bias
        family = Family(len(given.scale), vector=given.kind == "vector", bias=True)
        scales, labels = np.log(given.scale), self.windows.labels[rows]
        own = [scales - scales.mean()] if family.vector else []  # around the common one
        start = np.concatenate([[scales.mean()], *own, given.bias])
        return family.unpack(
            fit(family, logs[rows], labels, self.windows.transition, given.ridge, start).theta
        )
