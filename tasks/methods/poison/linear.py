"""Out-of-sample probabilities by a plain model: one that bends to every region would learn the poison too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

LEAST = 2  # rows of a class, of which a scatter can be told
Floats = NDArray[np.float64]


def linear_probs(
    features: NDArray[np.floating], given: NDArray[np.integer], folds: NDArray[np.integer], classes: int
) -> Floats:
    """Probabilities (N, K) of given labels (N,) by linear discriminants of the other folds (N,).

    features (N, D) are brought to one scale. The covariance is shrunk (Ledoit & Wolf, 2004). A class of which
    the other folds have fewer than two rows has none.
    """
    values = np.asarray(features, np.float64)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    probs = np.zeros((len(values), classes))
    for fold in np.unique(folds):
        out = folds == fold
        enough = np.flatnonzero(np.bincount(given[~out], minlength=classes) >= LEAST)
        learnt = ~out & np.isin(given, enough)
        if len(enough) == 1:
            probs[out, enough[0]] = 1.0
        elif len(enough) > 1:
            probs[np.ix_(out, enough)] = _foretold(values[learnt], given[learnt], values[out])
    return probs


def _foretold(train: Floats, given: NDArray[np.integer], test: Floats) -> Floats:
    """Probabilities (n, K) of the classes that there are, in their order, by linear discriminants."""
    rows = np.split(np.argsort(given, kind="stable"), np.cumsum(np.unique(given, return_counts=True)[1])[:-1])
    means, covariance = _scatter(train, rows)
    weights = np.linalg.lstsq(covariance, means.T, rcond=np.finfo(np.float64).eps)[0]
    prior = np.array([len(own) for own in rows]) / len(train)
    offset = np.log(prior) - np.einsum("kd,dk->k", means, weights) / 2
    return np.asarray(softmax(test @ weights + offset, axis=1), np.float64)


def _scatter(values: Floats, rows: list[NDArray[np.intp]]) -> tuple[Floats, Floats]:
    """Means (K, D) of classes by their rows; the mean over rows of the classes' covariances, each shrunk.

    Each class is shrunk by itself, in units of its own; the product that all take part in is made once.
    """
    from sklearn.preprocessing import StandardScaler

    apart, added, means = np.empty_like(values), np.zeros(values.shape[1]), []
    for own in rows:
        scaler = StandardScaler()
        scaled = scaler.fit_transform(values[own])
        shrinkage, level = _shrinkage(scaled)
        apart[own] = scaled * (scaler.scale_ * np.sqrt(1.0 - shrinkage))
        added += len(own) * shrinkage * level * scaler.scale_**2
        means.append(scaler.mean_)
    return np.array(means), (apart.T @ apart + np.diag(added)) / len(values)


def _shrinkage(scaled: Floats) -> tuple[float, float]:
    """How far (0 to 1) the covariance of centred rows (n, D) is moved to so many times the identity.

    As Ledoit & Wolf (2004) have it, by the products of rows where these are fewer than the columns.
    """
    rows, columns = scaled.shape
    lengths = np.einsum("nd,nd->n", scaled, scaled)
    level = float(lengths.sum()) / rows / columns
    products = scaled @ scaled.T if rows < columns else scaled.T @ scaled
    squared = float(np.einsum("ij,ij->", products, products)) / rows**2
    spread = squared / columns - level**2
    noise = (float(lengths @ lengths) / rows - squared) / rows / columns
    return (min(max(noise / spread, 0.0), 1.0) if spread > 0 else 0.0), level
