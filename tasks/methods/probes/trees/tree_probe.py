"""A probe of cells, fold by fold, and whether it foretells labels better than the others do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.probes.opinion_pool import pool_shares
from labelworks.tasks.methods.registry import get

if TYPE_CHECKING:
    from labelworks.tasks.methods.protocols.features import CellsModel

FEWEST, MOST_ROWS = 200, 100_000  # rows that are learned from
MOST_CLASSES, FEW_CLASSES = 100, 10  # each has a tree a round; of more than few there are fewer rounds
ASKED = 4096  # rows of the first fold that are foretold with and without it
WORTH = 0.005  # of the log loss, that has to be gained at least: trees are not for nothing
SURE = 2.0  # standard errors of the gain


def trees_suffice(probes: Sequence[str], classes: int) -> bool:
    """Whether rows with cells need no probes of random features: of few classes trees have all rounds."""
    return classes <= FEW_CLASSES and any("cells" in get("probes", name).needs for name in probes)


@dataclass(frozen=True, eq=False)
class TreeProbe:
    """`models[fold]` saw every fold but that; None: of a fold without rows, which all of them foretell.

    rows: that were learned from, on average; share: what it counts for beside the other probes.
    """

    name: str
    models: tuple[CellsModel | None, ...]
    rows: int
    share: float = 1.0

    @classmethod
    def fit(
        cls,
        name: str,
        cells: NDArray[np.uint32],
        labels: NDArray[np.integer],
        folds: NDArray[np.integer],
        others: NDArray[np.floating],
        n_folds: int,
    ) -> TreeProbe | None:
        """Fit it, each fold by the rows outside; None where it adds little to what others say of the first.

        cells (N, W): packed; labels (N,); folds (N,) in [0, n_folds); others (N, K): log-probabilities by the
        other probes, out of sample. Of more than MOST_ROWS rows a random part is learned from.
        """
        classes, present = others.shape[1], np.unique(folds).tolist()
        if len(labels) < FEWEST or classes > MOST_CLASSES or len(present) < 2:
            return None
        chosen = np.random.default_rng(0).permutation(len(labels))[:MOST_ROWS]
        models: list[CellsModel | None] = [None] * n_folds
        rows = []
        for fold in present:
            learned = np.sort(chosen[folds[chosen] != fold])
            if len(np.unique(labels[learned])) < 2:
                return None
            model: CellsModel = get("probes", name).target(cells[learned], labels[learned], classes)
            models[fold] = model
            rows.append(len(learned))
            asked = np.flatnonzero(folds == fold)[:ASKED]
            if fold == present[0] and not _adds(model, cells[asked], labels[asked], others[asked]):
                return None
        return cls(name, tuple(models), round(float(np.mean(rows))))

    def counting(self, share: float) -> TreeProbe:
        """The same that counts for so much."""
        return replace(self, share=share)

    def logits(self, cells: NDArray[np.uint32] | None, folds: NDArray[np.integer]) -> NDArray[np.float32]:
        """Its share of the logits (N, K) of packed cells (N, W), each by a model that didn't see the fold.

        Raises InputError where rows have no cells.
        """
        if cells is None:
            raise InputError("rows have no cells", where="cells", fix="give those that the encoder gave")
        fitted = [model for model in self.models if model is not None]
        said = np.empty((len(cells), fitted[0].classes), np.float32)
        for fold in np.unique(folds):
            rows = np.flatnonzero(folds == fold)
            alone = self.models[fold] if fold < len(self.models) else None
            heard = [alone] if alone is not None else fitted
            said[rows] = np.mean([model.log_probs(cells[rows]) for model in heard], axis=0)
        return np.asarray(np.float32(self.share) * said)


def _adds(
    model: CellsModel,
    cells: NDArray[np.uint32],
    labels: NDArray[np.integer],
    others: NDArray[np.floating],
) -> bool:
    """Whether the log loss of labels falls by more than chance and WORTH where the model is heard too."""
    opinions = [others, model.log_probs(cells)]
    before = _loss(opinions[:1], labels)
    gain = before - _loss(opinions, labels)
    sure = SURE * float(gain.std()) / len(gain) ** 0.5
    return bool(gain.mean() > max(sure, WORTH * float(before.mean())))


def _loss(opinions: Sequence[NDArray[np.floating]], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    shares = pool_shares(opinions, labels)
    pooled = sum(share * opinion for share, opinion in zip(shares, opinions, strict=True))
    return np.asarray(logsumexp(pooled, axis=1) - pooled[np.arange(len(labels)), labels], dtype=np.float64)
