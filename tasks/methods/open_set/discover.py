"""New classes among the rows of unknown ones: how many there are, and which row is of which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, sample

MOST = 3000  # rows clustered: the tree of distances grows with their square
DIMENSIONS = 64
SHRINKAGE = 0.1  # of the spread within classes to a sphere
LEAST = 5  # rows that make a class
CUTS = 60  # of the tree tried


@dataclass(frozen=True)
class Discovered:
    """`classes` (M,): K, K + 1 … for new classes, codes of the known for the others, -1 where a row is of
    neither; `new`: number of new classes; `prototypes` (K + new, D'): class means after `space`, (D, D')."""

    classes: NDArray[np.int64]
    new: int
    prototypes: Floats
    space: Floats


@dataclass(frozen=True)
class _Cut:
    """`height` of the tree; clusters up to `splinter` of the usual size are pieces of others."""

    height: float
    splinter: float


@registry.register(
    "open_set",
    "discover",
    needs=("features", "labels", "target_features", "unknown"),
    source="Sokal & Michener 1958; task: Vaze 2022",
)
def discover(
    features: ArrayLike, labels: ArrayLike, target_features: ArrayLike, unknown: ArrayLike
) -> Discovered:
    """Group unknown rows into new classes as wide as the known ones are (generalised category discovery).

    features (N, D), labels (N,) codes of at least four known classes; target_features (M, D); unknown (M,):
    probability of being of no known class, as open_set gives it. Average linkage in the space where known
    classes are spheres, cut where it finds known classes again of which that space has not heard.
    Raises InputError on bad rows.
    """
    rows, given = _rows(features, "features"), np.asarray(labels)
    target, strange = _rows(target_features, "target_features"), np.asarray(unknown, dtype=np.float64)
    _check(rows, given, target, strange)
    space, cut = _space(rows, given), _learnt(rows, given)
    means = np.stack([rows[given == k].mean(axis=0) for k in np.unique(given)]) @ space
    names, points = np.unique(given).astype(np.int64), target @ space
    classes = names[_nearest(points, means)]
    outside = np.flatnonzero(strange > 0.5)
    cluster = _clusters(points[outside], cut)
    added = [points[outside[cluster == one]].mean(axis=0) for one in range(cluster.max(initial=-1) + 1)]
    classes[outside] = np.where(cluster < 0, -1, cluster + names.max() + 1)
    return Discovered(classes, len(added), np.vstack([means, *added]), space)


def _space(rows: Floats, labels: NDArray[np.integer]) -> Floats:
    """(D, D') into the leading directions, scaled so that rows of one class spread alike in all."""
    names, codes = np.unique(labels, return_inverse=True)
    means = np.stack([rows[codes == k].mean(axis=0) for k in range(len(names))])
    axes = np.linalg.svd(rows[sample(len(rows), MOST)] - rows.mean(axis=0), full_matrices=False)[2]
    axes = axes[:DIMENSIONS].T
    within = (rows - means[codes]) @ axes
    spread = within.T @ within / len(rows)
    spread += SHRINKAGE * np.trace(spread) / len(spread) * np.eye(len(spread))
    return np.asarray(axes @ np.linalg.cholesky(np.linalg.inv(spread)))


def _learnt(rows: Floats, labels: NDArray[np.integer]) -> _Cut:
    """Where to cut: it finds one half of the known classes best, in the space made of the other half."""
    half = np.isin(labels, np.unique(labels)[::2])
    cuts = [
        _best_cut(rows[~part] @ _space(rows[part], labels[part]), labels[~part]) for part in (half, ~half)
    ]
    return _Cut(float(np.mean([cut.height for cut in cuts])), float(np.mean([cut.splinter for cut in cuts])))


def _best_cut(points: Floats, labels: NDArray[np.integer]) -> _Cut:
    from sklearn.metrics import adjusted_rand_score

    kept = sample(len(points), MOST)
    tree = linkage(points[kept], "average")
    cuts = np.unique(np.geomspace(1, max(len(kept) - 1, 1), CUTS).astype(int))
    heights = np.sort(tree[:, 2])[-cuts] * (1 + 1e-9)
    agreed = [adjusted_rand_score(labels[kept], fcluster(tree, h, "distance")) for h in heights]
    height = float(heights[int(np.argmax(agreed))])
    sizes = np.sort(np.bincount(fcluster(tree, height, "distance")))[::-1]
    beyond = sizes[len(np.unique(labels[kept])) :]  # clusters more than there are classes
    return _Cut(height, float(beyond[0] / _usual(sizes)) if len(beyond) else 0.0)


def _usual(sizes: NDArray[np.integer]) -> float:
    """The size of the cluster that a row is in, in the middle."""
    return float(np.median(np.repeat(sizes, sizes)))


def _clusters(points: Floats, learnt: _Cut) -> NDArray[np.int64]:
    """Codes of clusters of at least LEAST rows, the largest first; -1 for rows of none.

    Splinters go to the nearest of them.
    """
    if len(points) < LEAST:
        return np.full(len(points), -1, dtype=np.int64)
    kept = sample(len(points), MOST)
    cut = fcluster(linkage(points[kept], "average"), learnt.height, "distance") - 1
    sizes = np.bincount(cut)
    whole = (sizes >= LEAST) & (sizes > learnt.splinter * _usual(sizes))
    order = np.argsort(-sizes, kind="stable")
    order = order[whole[order]]
    code = np.full(len(sizes), -1, dtype=np.int64)
    code[order] = np.arange(len(order))
    cluster = np.full(len(points), -1, dtype=np.int64)
    cluster[kept] = code[cut]
    splinters = kept[(sizes >= LEAST)[cut] & ~whole[cut]]
    rest = np.concatenate([np.setdiff1d(np.arange(len(points)), kept), splinters])
    if len(rest) and len(order):
        means = np.stack([points[kept][cut == one].mean(axis=0) for one in order])
        cluster[rest] = _nearest(points[rest], means)
    return cluster


def _nearest(points: Floats, means: Floats) -> NDArray[np.intp]:
    return np.asarray(((means**2).sum(axis=1) - 2 * points @ means.T).argmin(axis=1))


def _rows(values: ArrayLike, name: str) -> Floats:
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or not len(rows) or not np.isfinite(rows).all():
        raise InputError(f"{name} has shape {rows.shape}", fix="finite rows (rows, D)")
    return rows


def _check(rows: Floats, labels: NDArray[np.integer], target: Floats, unknown: Floats) -> None:
    if labels.shape != (len(rows),) or unknown.shape != (len(target),) or rows.shape[1] != target.shape[1]:
        raise InputError(
            f"features {rows.shape} with {labels.shape} labels, target {target.shape} with {unknown.shape}",
            fix="a label for each labelled row, an unknown probability for each target row, one width",
        )
    if len(np.unique(labels)) < 4:
        raise InputError(
            f"{len(np.unique(labels))} known classes", fix="at least four show how wide a class is"
        )
