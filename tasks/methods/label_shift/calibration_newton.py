"""Newton's method for the calibration families; labels may have passed through a noise transition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks

STEPS = 60
FLAT = 1e-7  # a gradient below this is zero in float32
SAFE = 60.0  # logits this far below the highest still have an exponential in float32
ENOUGH = 1e-4  # above this the fit has failed


@dataclass(frozen=True)
class Family:
    """Logits exp(s + d_k) · log p_k + b_k; without `vector` no d, without `bias` no b."""

    classes: int
    vector: bool
    bias: bool

    @property
    def size(self) -> int:
        """Number of parameters."""
        return 1 + self.classes * (self.vector + self.bias)

    def start(self) -> Floats:
        """The parameters that leave probabilities as they are."""
        return np.zeros(self.size)

    def unpack(self, theta: Floats) -> tuple[Floats, Floats]:
        """Scale (K,) and bias (K,)."""
        K = self.classes
        d = theta[1 : 1 + K] if self.vector else np.zeros(K)
        b = theta[-K:] if self.bias else np.zeros(K)
        return np.exp(theta[0] + d), b.copy()

    def penalty(self, ridge: float) -> Floats:
        """Diagonal of the ridge: everything but the common scale; a jitter settles the free constant of b."""
        diagonal = np.full(self.size, ridge + 1e-9)
        diagonal[0] = 0.0
        return diagonal


@dataclass(frozen=True)
class NewtonFit:
    """Fitted parameters, the largest component of their gradient, and whether that is small enough."""

    theta: Floats
    gradient: float

    @property
    def converged(self) -> bool:
        """Whether the gradient vanishes."""
        return self.gradient < ENOUGH


@dataclass(frozen=True)
class _Sums:
    value: float
    gradient: Floats
    complete: Floats
    missing: Floats | None


def fit(
    family: Family,
    logs: Matrix,
    labels: NDArray[np.int64],
    transition: Floats | None,
    ridge: float,
    start: Floats | None = None,
) -> NewtonFit:
    """Minimise mean NLL + ridge / 2 · |d, b|² by Newton steps, halved until the objective falls."""
    theta = family.start() if start is None else start
    penalty = family.penalty(ridge)
    now = _sums(family, theta, logs, labels, transition)
    for _ in range(STEPS):
        slope = now.gradient + penalty * theta
        if np.abs(slope).max() < FLAT:
            break
        step = _step(now, penalty, slope)
        shortened = _shorten(family, theta, step, now, penalty, logs, labels, transition)
        if shortened is None:
            break
        theta, now = shortened
    return NewtonFit(theta, float(np.abs(now.gradient + penalty * theta).max()))


def nll(
    family: Family, theta: Floats, logs: Matrix, labels: NDArray[np.int64], transition: Floats | None
) -> float:
    """Mean negative log-likelihood of the given labels."""
    total = 0.0
    for part in blocks(*logs.shape):
        q, _ = posterior(family, theta, logs[part])
        total -= float(np.log(_likelihood(q, labels[part], transition)).sum())
    return total / len(labels)


def _shorten(
    family: Family, theta: Floats, step: Floats, now: _Sums, penalty: Floats,
    logs: Matrix, labels: NDArray[np.int64], transition: Floats | None,
) -> tuple[Floats, _Sums] | None:  # fmt: skip
    """The longest of the step, its half … that lowers the objective, or, close to the end, the gradient."""
    before, before_slope = now.value + penalty @ theta**2 / 2, now.gradient + penalty * theta
    flat = float(np.abs(before_slope).max())
    length = min(1.0, 2.0 / max(float(np.abs(step[0])), 1e-12))
    for _ in range(12):
        new = theta - length * step
        sums = _sums(family, new, logs, labels, transition)
        fell = sums.value + penalty @ new**2 / 2 - before
        if fell < 0 or (fell < 1e-6 and np.abs(sums.gradient + penalty * new).max() < flat / 2):
            return new, sums
        length /= 2
    return None


def _step(now: _Sums, penalty: Floats, slope: Floats) -> Floats:
    """Newton's step; the complete-data information stands in where the observed one is not definite."""
    for information in (now.complete - now.missing if now.missing is not None else None, now.complete):
        if information is None:
            continue
        try:
            factor = cho_factor(information + np.diag(penalty + 1e-10))
            return np.asarray(cho_solve(factor, slope), dtype=np.float64)
        except LinAlgError:
            continue
    return slope


def _sums(
    family: Family, theta: Floats, logs: Matrix, labels: NDArray[np.int64], transition: Floats | None
) -> _Sums:
    value, gradient, n = 0.0, np.zeros(family.size), len(labels)
    complete = np.zeros((family.size, family.size))
    missing = None if transition is None else np.zeros_like(complete)
    for part in blocks(*logs.shape):
        q, u = posterior(family, theta, logs[part])
        given = labels[part]
        value -= float(np.log(_likelihood(q, given, transition)).sum())
        complete += information(family, q, u)
        if missing is None or transition is None:
            gradient += _slope(family, q, u) - _slope_at(family, u, given)
        else:
            r = given_posterior(q, given, transition)
            gradient += _slope(family, q - r, u)
            missing += information(family, r, u)
    return _Sums(value / n, gradient / n, complete / n, None if missing is None else missing / n)


def posterior(family: Family, theta: Floats, logs: Matrix) -> tuple[Matrix, Matrix]:
    """Calibrated probabilities q (N, K) and u = dz/ds = scale · log p (N, K)."""
    return softmax(logs, *family.unpack(theta))


def softmax(logs: Matrix, scale: Floats, bias: Floats) -> tuple[Matrix, Matrix]:
    """softmax(scale · logs + bias) and scale · logs, both (N, K) float32."""
    u = logs * scale.astype(np.float32)
    z = u + (bias - bias.max()).astype(np.float32)
    farthest = max(float(np.log(len(scale))), float(logs.max(initial=0)))  # over 0 where noise was undone
    if float(scale.max()) * farthest + np.ptp(bias) > SAFE:
        z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= np.maximum(z @ np.ones(len(scale), dtype=np.float32), np.float32(1e-37))[:, None]
    return z, u


def given_posterior(q: Matrix, labels: NDArray[np.int64], transition: Floats) -> Matrix:
    """Posterior of the true label when the given one is known as well, (N, K)."""
    r = q * np.maximum(transition.T[labels], 1e-12).astype(np.float32)
    r /= r.sum(axis=1, keepdims=True)
    return r


def scores(
    family: Family, q: Matrix, u: Matrix, labels: NDArray[np.int64], transition: Floats | None
) -> Matrix:
    """Gradient of each row's log-likelihood by the parameters, (N, size)."""
    if transition is None:
        residual = -q
        residual[np.arange(len(labels)), labels] += 1
    else:
        residual = given_posterior(q, labels, transition) - q
    v = residual * u
    both = [v.sum(axis=1, keepdims=True)]
    both += [v] if family.vector else []
    both += [residual] if family.bias else []
    return np.concatenate(both, axis=1)


def _likelihood(q: Matrix, labels: NDArray[np.int64], transition: Floats | None) -> Floats:
    if transition is None:
        chosen = q[np.arange(len(labels)), labels]
    else:
        chosen = np.einsum("ik,ik->i", q, transition.T[labels].astype(np.float32))
    return np.asarray(np.maximum(chosen.astype(np.float64), 1e-30))


def _slope(family: Family, q: Matrix, u: Matrix) -> Floats:
    v = q * u
    columns = [np.array([v.sum(dtype=np.float64)])]
    columns += [v.sum(axis=0, dtype=np.float64)] if family.vector else []
    columns += [q.sum(axis=0, dtype=np.float64)] if family.bias else []
    return np.concatenate(columns)


def _slope_at(family: Family, u: Matrix, labels: NDArray[np.int64]) -> Floats:
    """The same for one-hot posteriors, without making them."""
    chosen, K = u[np.arange(len(labels)), labels].astype(np.float64), family.classes
    columns = [np.array([chosen.sum()])]
    columns += [np.bincount(labels, chosen, K)] if family.vector else []
    columns += [np.bincount(labels, minlength=K).astype(np.float64)] if family.bias else []
    return np.concatenate(columns)


def information(family: Family, q: Matrix, u: Matrix) -> Floats:
    """Sum over rows of Jᵀ (diag q − q qᵀ) J, J the derivative of the logits by the parameters."""
    v = q * u
    total = v.sum(axis=1, keepdims=True)
    w = np.einsum("ik,ik->k", v.astype(np.float64), u) if family.vector else np.zeros(0)
    both = [total] + ([v] if family.vector else []) + ([q] if family.bias else [])
    design = np.concatenate(both, axis=1)
    sums: Floats = -(design.T @ design).astype(np.float64)
    sums[0, 0] += float(np.einsum("ik,ik->", v, u)) if not family.vector else float(w.sum())
    _add_diagonals(family, sums, w, v, q)
    return sums


def _add_diagonals(family: Family, sums: Floats, w: Floats, v: Matrix, q: Matrix) -> None:
    K = family.classes
    first, last = slice(1, 1 + K), slice(sums.shape[0] - K, None)
    inner = np.arange(K)
    cross = v.sum(axis=0, dtype=np.float64)
    if family.vector:
        sums[0, first] += w
        sums[first, 0] += w
        sums[1 + inner, 1 + inner] += w
    if family.bias:
        sums[0, last] += cross
        sums[last, 0] += cross
        at = sums.shape[0] - K + inner
        sums[at, at] += q.sum(axis=0, dtype=np.float64)
        if family.vector:
            sums[1 + inner, at] += cross
            sums[at, 1 + inner] += cross
