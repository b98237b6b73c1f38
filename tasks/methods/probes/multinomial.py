"""Multinomial logistic regression, from a closed-form probe on by a few quasi-Newton steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tasks.methods.probes.sums import BLOCK, ClassSums
from tasks.methods.registry import register

Linear = tuple[NDArray[np.float64], NDArray[np.float64]]
LOGIT_VARIANCE = 4.0  # of the Gaussian prior: what the weights may do to the logits of an average row
STEPS = 10  # from a calibrated closed form; the loss is flat by then
FLAT = 1e-6  # of the squared mean: variance that rounding alone makes
MEMORY = 6  # pairs of steps and gradients that L-BFGS keeps


@register(
    "probes",
    "multinomial",
    needs=("features", "rows"),
    source="Böhning 1992 (curvature from the gram); Liu & Nocedal 1989 (L-BFGS)",
)
def multinomial(
    sums: ClassSums, features: NDArray[np.floating], labels: NDArray[np.integer], start: Linear
) -> Linear:
    """Fit multinomial logistic regression: weights (D, K) and intercepts (K,), from those of `start`.

    sums: of the rows, features (N, D) with labels (N,). They give the coordinates in which the curvature is
    about one, so that few passes over the rows suffice; loss and gradient are sums over blocks of rows.
    """
    rows, classes = max(len(labels), 1), len(sums.count)
    mean = sums.total.sum(axis=0) / rows
    scatter = sums.gram - rows * np.outer(mean, mean)
    variance = float(np.trace(scatter)) / rows
    if variance <= FLAT * float(mean @ mean):
        return np.zeros_like(start[0]), sums.log_prior
    penalty = variance / LOGIT_VARIANCE
    unsure = (1 - 1 / classes) / classes  # p (1 - p) of a row that may be of any class
    root = np.linalg.cholesky(scatter * unsure + penalty * np.eye(len(mean)))
    data = _Rows(features, labels, mean, penalty, np.linalg.inv(root).T, (rows * unsure) ** -0.5)
    first = np.concatenate([root.T @ start[0], (start[1] + mean @ start[0])[None] / data.step])
    found = minimize(
        data.loss, first.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": MEMORY}
    )
    solved = found.x.reshape(first.shape)
    weights = data.basis @ solved[:-1]
    return weights, data.step * solved[-1] - mean @ weights


@dataclass(frozen=True)
class _Rows:
    """Rows with labels; the basis (D, D) of the weights' coordinates, the step of the intercepts'."""

    features: NDArray[np.floating]
    labels: NDArray[np.integer]
    mean: NDArray[np.float64]
    penalty: float
    basis: NDArray[np.float64]
    step: float

    def loss(self, values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Penalised log loss and its gradient, of the weights and the intercepts at the mean row."""
        model = values.reshape(len(self.mean) + 1, -1)
        weights = self.basis @ model[:-1]
        intercept = (self.step * model[-1] - self.mean @ weights).astype(np.float32)
        single = weights.astype(np.float32)
        loss, slope = float(np.sum(weights * weights)) * self.penalty / 2, self.penalty * weights
        sums = np.zeros(model.shape[1])
        for begin in range(0, len(self.labels), BLOCK):
            block = np.asarray(self.features[begin : begin + BLOCK], np.float32)
            part, errors = _errors(block @ single + intercept, self.labels[begin : begin + BLOCK])
            loss += part
            slope += block.T @ errors
            sums += errors.sum(axis=0, dtype=np.float64)
        slope -= np.outer(self.mean, sums)
        return loss, np.concatenate([self.basis.T @ slope, self.step * sums[None]]).ravel()


def _errors(logits: NDArray[np.float32], given: NDArray[np.integer]) -> tuple[float, NDArray[np.float32]]:
    """Summed log loss of logits (B, K), which are overwritten by probabilities less the one-hot labels."""
    rows = np.arange(len(given))
    logits -= logits.max(axis=1, keepdims=True)
    own = logits[rows, given].sum(dtype=np.float64)
    np.exp(logits, out=logits)
    total = logits.sum(axis=1)
    logits /= total[:, None]
    logits[rows, given] -= 1
    return float(np.log(total, dtype=np.float64).sum() - own), logits
