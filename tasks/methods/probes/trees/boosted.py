"""Gradient-boosted trees of the cells of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.packed_cells import unpack_cells

ROUNDS, TREES, FEWEST_ROUNDS = 60, 600, 10  # of more classes fewer rounds, as each has a tree in each
LEAVES = 15  # few: of labels that are wrong, larger trees learn each by heart
FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """A fitted model, and which of K classes (C,) it knows; of the others it says `unseen`."""

    model: Any
    known: NDArray[np.integer]
    classes: int
    unseen: float

    def log_probs(self, cells: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Log-probabilities (N, K) of packed cells (N, W)."""
        said = np.full((len(cells), self.classes), self.unseen, np.float32)
        if len(cells):
            said[:, self.known] = self.model.predict_proba(unpack_cells(cells)[0])
        return np.asarray(np.log(np.maximum(said, FLOOR)))


@register("probes", "boosted", needs=("cells",), source="Friedman 2001; histograms: Ke et al. 2017")
def boosted(cells: NDArray[np.uint32], labels: NDArray[np.integer], classes: int) -> BoostedTrees:
    """Fit small gradient-boosted trees to packed cells (N, W) and labels (N,) in [0, classes)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    seen, categorical = unpack_cells(cells)
    rounds = min(max(TREES // classes, FEWEST_ROUNDS), ROUNDS)
    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        max_leaf_nodes=LEAVES,
        early_stopping=False,
        categorical_features=categorical if categorical.any() else None,
        random_state=0,
    )
    model.fit(seen, labels)
    return BoostedTrees(model, model.classes_, classes, 1 / (len(labels) + classes))
