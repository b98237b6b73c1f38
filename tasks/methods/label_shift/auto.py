"""The estimator for whoever doesn't want to choose one: no single method wins everywhere.

Efficient moments, maximum likelihood and their empirical-Bayes versions are averaged; how much each counts is
decided by the errors that they make on shifts simulated from the labelled window, at the shift found here.
Where vector scaling has the lower NLL, EM by the simpler calibration is one more: it may be the better one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.optimize import nnls

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.calibration import calibrate
from labelworks.tasks.methods.label_shift.calibration_newton import Family, fit, given_posterior, softmax
from labelworks.tasks.methods.label_shift.candidates import PAIRS, Candidates, Centres, candidates, on_simplex
from labelworks.tasks.methods.label_shift.confusion import demand_inverse
from labelworks.tasks.methods.label_shift.elsa import calibrated_windows
from labelworks.tasks.methods.label_shift.estimator import estimator
from labelworks.tasks.methods.label_shift.inputs import Windows, log_probs
from labelworks.tasks.methods.label_shift.result import Calibration, PriorEstimate, finish, normal_interval
from labelworks.tasks.methods.label_shift.streaming import estimate_prior_over

LARGE = 40_000_000  # elements of a window; beyond, in parts and without simulated shifts
ERRORS = 300  # errors to compare the candidates by: classes × simulated shifts
ROWS_PER_CLASS = 100  # labelled, for a scale of its own for each class
STEADY = 1e-3  # ridge on the averaging, relative to the mean squared error


@estimator("auto", source="Tian 2023, Saerens 2002")
def auto(windows: Windows) -> PriorEstimate:
    """Average moments, likelihood and both shrunken, by the errors they make on simulated shifts."""
    if max(windows.probs.size, windows.target.size) > LARGE:
        return _over(windows)
    calibrations = _calibrate(windows)
    ready, *simpler = (calibrated_windows(windows, each) for each in calibrations)
    pairs = len(ready.probs) * len(ready.target)
    kernels = Centres(ready.probs, windows.labels) if pairs <= PAIRS else None
    found = candidates(ready, kernels, *simpler)
    demand_inverse(ready, found.moments.sums)
    shares = weigh(_Simulation(windows, ready, calibrations, found, kernels is not None).errors())
    spread = np.sqrt(np.maximum(np.diag(found.of_prior), 0))
    prior = shares @ found.priors
    return finish(
        windows, "auto", prior, normal_interval(prior, spread), found.moments.sums.prior,
        calibration=calibrations[0],
    )  # fmt: skip


def _over(windows: Windows) -> PriorEstimate:
    """The estimate of large windows, block by block."""
    rows, K = windows.probs.shape
    return estimate_prior_over(
        lambda: ((windows.labels[part], windows.probs[part]) for part in blocks(rows, K)),
        lambda: (windows.target[part] for part in blocks(len(windows.target), K)),
        noise_transition=windows.transition,
    )


def weigh(errors: Floats) -> Floats:
    """Shares (J,) of J candidates, errors (J, n), that minimise the squared error of their average."""
    moments = errors @ errors.T
    moments *= len(moments) / max(float(np.trace(moments)), 1e-30)
    factor = cholesky(moments + STEADY * np.eye(len(moments)))
    sure = 1e3 * np.ones((1, len(moments)))  # the shares sum to 1
    shares = np.asarray(nnls(np.vstack([factor, sure]), np.append(np.zeros(len(moments)), 1e3))[0])
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _calibrate(windows: Windows) -> list[Calibration]:
    """Bias-corrected temperature, after vector scaling where rows suffice and its held-out NLL is lower."""
    plain = calibrate(windows, "bcts")
    if len(windows.labels) < ROWS_PER_CLASS * windows.classes:
        return [plain]
    vector = calibrate(windows, "vector")
    return [vector, plain] if vector.nll_after < plain.nll_after else [plain]


@dataclass(frozen=True)
class _Simulation:
    """Bootstrap of the labelled window, and target windows drawn from it at the shift that was found."""

    windows: Windows
    ready: Windows
    calibrations: list[Calibration]
    found: Candidates
    kernels: bool

    def errors(self) -> Floats:
        """Errors of the candidates, (5 to 7, simulated shifts · K)."""
        rng, K = np.random.default_rng(0), self.windows.classes
        logs = [log_probs(self.windows.probs, each.undo) for each in self.calibrations]
        truth = self._truth()
        rounds = [self._round(rng, logs, truth) for _ in range(int(np.clip(ERRORS // K, 2, 8)))]
        return np.concatenate(rounds, axis=1)

    def _round(self, rng: np.random.Generator, logs: list[Matrix], truth: Matrix) -> Floats:
        n = len(truth)
        rows = rng.integers(0, n, n)
        chance = truth @ self._draw(rng).astype(np.float32)
        target = rng.choice(n, len(self.windows.target), p=chance / chance.sum(dtype=np.float64))
        fits = [self._refit(*each, rows) for each in zip(self.calibrations, logs, strict=True)]
        simulated, *simpler = (
            self._simulated(each, rows, target, *fit) for each, fit in zip(logs, fits, strict=True)
        )
        made = candidates(simulated, self._kernels(logs[0], target, *fits[0]), *simpler)
        return np.asarray(made.priors - truth[target].mean(axis=0, dtype=np.float64))

    def _simulated(
        self, logs: Matrix, rows: NDArray[np.int64], target: NDArray[np.int64], scale: Floats, bias: Floats
    ) -> Windows:
        source, moved = (softmax(logs[which], scale, bias)[0] for which in (rows, target))
        return Windows(self.windows.labels[rows], source, moved, self.windows.transition)

    def _kernels(
        self, logs: Matrix, target: NDArray[np.int64], scale: Floats, bias: Floats
    ) -> Centres | None:
        """Every labelled row that isn't in the simulated target: a row must not be its own kernel."""
        if not self.kernels:
            return None
        apart = np.setdiff1d(np.arange(len(logs)), target)
        return Centres(softmax(logs[apart], scale, bias)[0], self.windows.labels[apart])

    def _truth(self) -> Matrix:
        """What is known of the true label of each labelled row, (N, K)."""
        labels = self.windows.labels
        if self.windows.transition is None:
            return np.eye(self.windows.classes, dtype=np.float32)[labels]
        return given_posterior(self.ready.probs, labels, self.windows.transition)

    def _draw(self, rng: np.random.Generator) -> Floats:
        """Weights drawn from their posterior."""
        shrunk, source = self.found.shrunk, self.found.moments.sums.prior
        values, axes = np.linalg.eigh(shrunk.covariance)
        noise = axes @ (np.sqrt(np.maximum(values, 0)) * rng.normal(size=len(values)))
        prior = on_simplex(source * (shrunk.weights + noise), self.windows)
        return np.divide(prior, source, out=np.zeros_like(prior), where=source > 0)

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
