"""Latent label shift: several unlabelled windows whose class mixes differ reveal the classes themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats

CLUSTERS = 10  # per class
STARTS = 5
FOLDS = 5
STEPS = 200


@dataclass(frozen=True)
class Latent:
    """`prior` (D, K): p(y | window); `posterior` (N, K): p(y | row, its window). Classes come in no order."""

    prior: Floats
    posterior: Floats


@registry.register("windows", "latent", needs=("features", "windows", "classes"), source="Roberts 2022")
def latent(features: ArrayLike, windows: ArrayLike, classes: int) -> Latent:
    """Find K classes in D unlabelled windows: window discriminator, clusters of its output, factorisation.

    features (N, F) finite; windows (N,) codes 0 … D-1, D >= classes. The cluster shares of the windows are
    factorised as p(cluster | y) p(y | window). Raises InputError where there are fewer windows than classes.
    """
    rows, of = np.asarray(features, dtype=np.float64), np.asarray(windows)
    if rows.ndim != 2 or of.shape != (len(rows),) or not np.isfinite(rows).all():
        raise InputError(
            "features and windows don't fit", fix="finite features (N, F), a window for each row"
        )
    count = _count(of)
    if count < classes:
        raise InputError(
            f"{count} windows can't show {classes} classes", fix="give as many windows as classes"
        )
    chance = _discriminate(rows, of)
    shares = _cluster_shares(chance, of, classes * CLUSTERS)
    prior = _factorise(shares, classes)
    size = np.bincount(of, minlength=count) / len(of)
    whole = np.maximum(size @ prior, 1e-12)
    of_window = (prior * size[:, None] / whole).T  # p(window | y), (K, D)
    plain = _unmix(chance, of_window, whole)
    posterior = plain * of_window[:, of].T
    return Latent(prior, posterior / np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300))


def _count(of: NDArray[np.generic]) -> int:
    """How many windows there are; each needs a few rows, or no classifier can be told of it."""
    if not len(of) or not np.issubdtype(of.dtype, np.integer) or of.min() < 0:
        raise InputError("windows are no codes", fix="give integer codes 0 … D-1, one for each row")
    rows = np.bincount(of)
    if rows.min() < FOLDS:
        window = int(np.argmin(rows))
        raise InputError(
            f"window {window} has {rows[window]} rows", where=f"window {window}",
            fix=f"give {FOLDS} rows and more of each window, codes 0 … D-1 without a gap",
        )  # fmt: skip
    return len(rows)


def _discriminate(rows: Floats, of: NDArray[np.integer]) -> Floats:
    """Out-of-sample p(window | row), (N, D)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    probe = [StandardScaler(), LogisticRegression(max_iter=500)]
    if rows.shape[1] <= 20:  # few features: windows may differ in shape, not along a line
        probe.insert(1, PolynomialFeatures(2, include_bias=False))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    made = cross_val_predict(make_pipeline(*probe), rows, of, cv=folds, method="predict_proba")
    return np.asarray(made, dtype=np.float64)


def _cluster_shares(chance: Floats, of: NDArray[np.integer], count: int) -> Floats:
    """p(cluster | window), (D, clusters)."""
    from sklearn.cluster import KMeans

    cluster = KMeans(min(count, len(chance)), n_init=3, random_state=0).fit_predict(chance)
    table = np.zeros((chance.shape[1], cluster.max() + 1))
    np.add.at(table, (of, cluster), 1)
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _factorise(shares: Floats, classes: int) -> Floats:
    """p(y | window), (D, K), of the factorisation that fits best among several starts."""
    best, value = None, np.inf
    for seed in range(STARTS):
        prior, parts = _nmf(shares, classes, seed)
        fit = float(np.sum(shares * np.log(np.maximum(shares, 1e-12) / np.maximum(prior @ parts, 1e-12))))
        if fit < value:
            best, value = prior, fit
    if best is None:
        raise InputError("the windows can't be factorised")
    return best


def _nmf(shares: Floats, classes: int, seed: int) -> tuple[Floats, Floats]:
    """Shares ≈ prior @ parts, rows of both on the simplex, from clusters that hold one class alone.

    An anchor cluster's profile over the windows is p(window | y) up to a factor; the factors follow from
    the rows of the prior summing to 1 (Arora et al. 2012), the parts from EM with the prior held.
    """
    rng = np.random.default_rng(seed)
    profile = shares / np.maximum(shares.sum(axis=0), 1e-12)
    basis = profile[:, _far_apart(profile, shares.sum(axis=0), classes, rng)]
    factors = np.maximum(nnls(basis, np.ones(len(basis)))[0], 1e-6)
    prior = basis * factors
    prior /= np.maximum(prior.sum(axis=1, keepdims=True), 1e-12)
    parts = np.full((classes, shares.shape[1]), 1 / shares.shape[1])
    for _ in range(STEPS):
        parts = parts * (prior.T @ (shares / np.maximum(prior @ parts, 1e-300)))
        parts /= np.maximum(parts.sum(axis=1, keepdims=True), 1e-300)
    return np.asarray(prior, dtype=np.float64), parts


def _far_apart(columns: Floats, mass: Floats, count: int, rng: np.random.Generator) -> list[int]:
    """Clusters whose window profiles span the most (successive projections), small ones left out."""
    eligible = mass >= np.quantile(mass, 0.2 * rng.random())
    rest, chosen = np.where(eligible, columns, 0.0), []
    for _ in range(count):
        chosen.append(int(np.argmax(np.einsum("ij,ij->j", rest, rest))))
        axis = rest[:, chosen[-1]] / max(float(np.linalg.norm(rest[:, chosen[-1]])), 1e-12)
        rest = rest - np.outer(axis, axis @ rest)
    return chosen


def _unmix(chance: Floats, of_window: Floats, start: Floats) -> Floats:
    """p(y | row), (N, K), such that p(window | row) ≈ Σ_y p(y | row) p(window | y), by EM in each row."""
    unmixed = np.tile(start, (len(chance), 1))
    for _ in range(STEPS):
        unmixed *= (chance / np.maximum(unmixed @ of_window, 1e-300)) @ of_window.T
    return unmixed
