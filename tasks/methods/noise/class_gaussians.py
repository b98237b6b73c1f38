"""RCAL: class Gaussians recovered from polluted ones, those of rare classes with the help of common ones."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register

DIMENSIONS = 64  # of the features' principal space: bounds a covariance a class
NEAREST = 20  # rows of its class that an outlier is compared with
ROUNDS = 4  # of leaving out the rows that another class fits better
OUTLIER = 1.5  # local outlier factor (Breunig 2000) from which a row is taken for one of another class
FEWEST = 10  # rows of a class among which an outlier can be told
LENDERS = 3  # common classes, the nearest, that a rare one borrows from …
LENT = 0.25  # … and for how many rows they stand in its mean
LOG_SCALES = (-8.0, 4.0)  # where the log of the sharpening is looked for
Floats = NDArray[np.float64]


@register("noise", "class-gaussians", needs=("pred_probs", "features"), source="Zhang et al. 2023 (RCAL)")
class ClassGaussians(ScoredModel):
    """Posterior of the given label under a Gaussian a class, all classes as likely.

    Outliers of each given class (local outlier factor), then rows that another class fits better, are left
    out of its mean and covariance; a rare class moves its own towards those of the nearest common ones.
    """

    name = "class-gaussians"
    beside = ("features",)

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Recover the Gaussians on the sample, then sharpen by the likelihood of its labels."""
        points = self._project(np.asarray(beside["features"], np.float64))
        classes = probs.shape[1]
        kept = _inliers(points, given)
        for _ in range(ROUNDS):
            self._fit(points[kept], given[kept], classes)
            log_density = self._log_density(points)
            kept = log_density.argmax(axis=1) == given
            kept |= ~np.isin(given, given[kept])  # a class of which nothing would be left
        rows = np.arange(len(given))
        best = minimize_scalar(
            lambda place: -log_softmax(np.exp(place) * log_density, axis=1)[rows, given].mean(),
            bounds=LOG_SCALES,
            method="bounded",
        )
        self.scale = float(np.exp(best.x))

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return P(given | features) (n,)."""
        points = (np.asarray(beside["features"], np.float64) - self.centre) @ self.basis
        shares = log_softmax(self.scale * self._log_density(points), axis=1)
        return np.asarray(np.exp(shares[np.arange(len(given)), given]), np.float32)

    def _fit(self, points: Floats, given: NDArray[np.int32], classes: int) -> None:
        self.means, covariances = recovered(points, given, classes)
        self.whiten = np.linalg.cholesky(np.linalg.inv(covariances))
        self._constant = np.log(np.diagonal(self.whiten, axis1=1, axis2=2)).sum(axis=1)

    def _project(self, features: Floats) -> Floats:
        self.centre = features.mean(axis=0)
        centred = features - self.centre
        values, vectors = np.linalg.eigh(centred.T @ centred)
        seen = values > max(values[-1], 1e-12) * 1e-9
        seen[-1] = True  # of rows that are all the same none would be left
        self.basis = vectors[:, seen][:, -DIMENSIONS:]
        return np.asarray(centred @ self.basis)

    def _log_density(self, points: Floats) -> Floats:
        """Log density (n, K) but for a constant, a class at a time."""
        density = np.empty((len(points), len(self.means)))
        for k, (mean, whiten) in enumerate(zip(self.means, self.whiten, strict=True)):
            density[:, k] = self._constant[k] - 0.5 * np.square((points - mean) @ whiten).sum(axis=1)
        return density


def recovered(points: Floats, given: NDArray[np.int32], classes: int) -> tuple[Floats, Floats]:
    """Means (K, D) and covariances (K, D, D) of points (N, D) by their labels (N,).

    A class of n rows counts for n / (n + D) of its covariance, the common one for the rest (Friedman 1989).
    A class with fewer rows than the average one borrows from the nearest of the others: for its covariance
    the share of rows that it lacks, for its mean as if LENT rows lay there.
    """
    count = np.bincount(given, minlength=classes).astype(np.float64)
    total = np.zeros((classes, points.shape[1]))
    np.add.at(total, given, points)
    means = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], points.mean(axis=0))
    covariances = _covariances(points - means[given], given, count)
    heads, lacking = count >= len(points) / classes, np.clip(1 - count * classes / len(points), 0, 1)
    new_means, new_covariances = means.copy(), covariances.copy()
    for k in np.flatnonzero(~heads).tolist():
        lenders, shares = _lenders(means, k, heads)
        borrowed = np.tensordot(shares, covariances[lenders], axes=1)
        new_covariances[k] = (1 - lacking[k]) * covariances[k] + lacking[k] * borrowed
        new_means[k] = (count[k] * means[k] + LENT * (shares @ means[lenders])) / (count[k] + LENT)
    return new_means, new_covariances


def _covariances(centred: Floats, given: NDArray[np.int32], count: Floats) -> Floats:
    """Covariances (K, D, D) of rows less their class's mean (N, D), drawn to the common one."""
    width = centred.shape[1]
    common = centred.T @ centred / len(centred)
    common += 1e-6 * max(float(np.trace(common)) / width, 1e-12) * np.eye(width)
    covariance = np.empty((len(count), width, width))
    for k, rows in enumerate(count):
        own = centred[given == k]
        covariance[k] = (own.T @ own + width * common) / (rows + width)
    return covariance


def _lenders(means: Floats, k: int, heads: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Floats]:
    """The common classes nearest to class k, and their shares, which fall with the distance."""
    distance = np.linalg.norm(means - means[k], axis=1)
    distance[~heads] = np.inf
    near = np.argsort(distance)[: min(LENDERS, int(heads.sum()))]
    shares = 1 / np.maximum(distance[near], 1e-12)
    return near, shares / shares.sum()


def _inliers(points: Floats, given: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which rows (N,) are not outliers of their given class; classes of a few rows are kept whole."""
    from sklearn.neighbors import LocalOutlierFactor

    kept = np.ones(len(given), bool)
    for k in np.unique(given):
        rows = np.flatnonzero(given == k)
        if len(rows) >= FEWEST:
            count = min(NEAREST, len(rows) - 1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # copies, beside which any row is an outlier
                factor = LocalOutlierFactor(n_neighbors=count).fit(points[rows]).negative_outlier_factor_
            kept[rows] = factor >= -OUTLIER
    return kept
