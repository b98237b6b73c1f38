"""Confident learning of each class against the rest, confirmed by the shape of the scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.multilabel.cells import blocks, checked
from labelworks.tasks.methods.multilabel.confident import ConfidentClasses
from labelworks.tasks.methods.multilabel.detect import judged
from labelworks.tasks.methods.multilabel.judge import JudgedLabelSets
from labelworks.tasks.methods.multilabel.mixture import confirmed, fit_heaps
from labelworks.tasks.methods.multilabel.pooling import pool
from labelworks.tasks.methods.registry import register


@register(
    "multilabel",
    "confident-learning",
    needs=("labels", "pred_probs"),
    source="Northcutt, Jiang & Chuang 2021; Thyagarajan et al. 2022; two heaps, Lawrence & Schölkopf 2001",
)
class ConfidentHeaps:
    """Suspicious is what confident learning flags and a mixture of two heaps finds likelier wrong than right.

    method: how a row's classes are pooled into its score, softmin or ema.
    """

    def __init__(self, *, method: str = "softmin") -> None:
        pool(method, 1, 1)
        self._method = method

    def fit(self, given: Any, probs: Any, /) -> None:
        """Learn from given labels (n, K) and P(label is there) (n, K) out of sample."""
        labels, known = checked(given, probs)
        self._learned = ConfidentClasses.fit(blocks(labels, known), labels.shape[0])
        first = judged(self._learned, labels, known, self._method)
        self._heaps = fit_heaps(np.unique((first.missing + first.extra).indices), given, probs)

    def judge(self, given: Any, probs: Any, /) -> JudgedLabelSets:
        """Judge the given labels (N, K) of rows."""
        first = judged(self._learned, *checked(given, probs), self._method)
        cells = (confirmed(cells, given, probs, self._heaps) for cells in (first.missing, first.extra))
        return JudgedLabelSets(first.score, *cells)

    @property
    def missing_rate(self) -> NDArray[np.float64]:
        """P(a true label was not given) by class (K,)."""
        return self._learned.missing_rate

    @property
    def false_rate(self) -> NDArray[np.float64]:
        """P(a label that isn't true was given) by class (K,)."""
        return self._learned.false_rate
