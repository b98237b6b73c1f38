"""Label propagation on the neighbour graph: probabilities made of the labels around a row, not of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, diags_array

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import class_codes
from labelworks.tasks.methods.neighbours.cosine import SAME, Reference, unit_length
from labelworks.tasks.methods.noise.core.scored import Beside, ScoredModel
from labelworks.tasks.methods.registry import register

NEAREST = 10


@register(
    "noise",
    "label-propagation",
    needs=("pred_probs", "features"),
    source="Zhou et al. 2004, on the graph of nearest neighbours",
)
class LabelPropagation(ScoredModel):
    """Share of the given class in what the labels around a row spread to it, over the graph of a sample.

    A row of the sample learns nothing from its own label; any other row has the mean of its neighbours.
    """

    name = "label-propagation"
    beside = ("features",)
    chooses_rows = True

    def learn(self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside) -> None:
        """Spread the labels of the sample over its neighbour graph."""
        features = np.asarray(beside["features"])
        self._reference = Reference.of(features)
        near = self._reference.near(features, min(NEAREST, len(given)))
        self._spread = propagate(given, near, classes=probs.shape[1])

    def quality(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], beside: Beside
    ) -> NDArray[np.float32]:
        """Return the share of the given class (n,)."""
        features = np.asarray(beside["features"])
        first, alike = self._reference.search(unit_length(features), 1)
        near = self._reference.near(features, NEAREST)
        known = alike[:, 0] > SAME
        around = self._spread[near, given[:, None]].mean(axis=1)
        return np.asarray(np.where(known, self._spread[first[:, 0], given], around), np.float32)


@register(
    "propagation",
    "propagate",
    needs=("labels", "neighbours", "classes"),
    source="Zhou et al. 2004, on the graph of nearest neighbours",
)
def propagate(
    labels: ArrayLike, neighbours: NDArray[np.integer], *, classes: int, alpha: float = 0.9, steps: int = 20
) -> NDArray[np.float32]:
    """Spread labels (N,) over the graph of neighbours (N, k) and return probabilities (N, classes).

    Zhou 2004: F <- alpha S F + (1 - alpha) Y with S the symmetrically normalised graph of
    neighbours. A row's own label is left out of its result, so the probabilities can serve `detect` as
    pred_probs. Raises InputError for labels or rows out of range.
    """
    given = class_codes(labels)
    near = np.asarray(neighbours)
    if near.ndim != 2 or len(near) != len(given):
        raise InputError(f"neighbours has the shape {near.shape} for {len(given)} labels")
    if not 0 < alpha < 1 or steps < 1:
        raise ConfigError(f"alpha {alpha}, steps {steps}", where="propagate", fix="0 < alpha < 1, steps >= 1")
    for name, values, limit in (("label", given[:, None], classes), ("neighbour", near, len(given))):
        bad = ((values < 0) | (values >= limit)).any(axis=1)
        if bad.any():
            raise InputError(f"{name} out of range", where=f"row {int(bad.argmax())}")
    graph = _normalised_graph(near)
    known = np.zeros((len(given), classes), np.float32)
    known[np.arange(len(given)), given] = 1
    spread, returned = known.copy(), np.ones(len(given), np.float32)
    back = np.float32(alpha**2) * graph.multiply(graph).sum(axis=1).astype(np.float32)
    for _ in range(steps):
        spread = np.float32(alpha) * (graph @ spread) + np.float32(1 - alpha) * known
        returned = back * returned + np.float32(1 - alpha)
    spread[np.arange(len(given)), given] -= np.minimum(returned, spread[np.arange(len(given)), given])
    spread += np.float32(1e-3 / classes)
    return np.asarray(spread / spread.sum(axis=1, keepdims=True), np.float32)


def _normalised_graph(near: NDArray[np.integer]) -> csr_array:
    rows, k = near.shape
    links = csr_array(
        (np.ones(rows * k, np.float32), (np.repeat(np.arange(rows), k), near.ravel())), shape=(rows, rows)
    )
    links = ((links + links.T) > 0).astype(np.float32)
    links.setdiag(0)
    degree = np.maximum(links.sum(axis=1), 1)
    scale = diags_array(1 / np.sqrt(degree)).astype(np.float32)
    return csr_array(scale @ links @ scale)
