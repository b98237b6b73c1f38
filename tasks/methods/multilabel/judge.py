"""What is known of every row's labels: probabilities out of sample, then what looks missing or extra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.multilabel.probabilities import LabelProbes
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums

if TYPE_CHECKING:
    from labelworks.tasks.methods.protocols.noise import LabelSetModel


@dataclass(frozen=True, eq=False)
class JudgedLabelSets:
    """Rows (N,) judged. missing, extra: sparse (N, K) float32, P(error) of the cells that look wrong.

    score (N,): 1 = surely fine.
    """

    score: NDArray[np.float32]
    missing: sparse.csr_array
    extra: sparse.csr_array

    @property
    def flag(self) -> NDArray[np.bool_]:
        """Rows (N,) of which a label looks wrong."""
        return np.asarray(np.diff(self.missing.indptr) + np.diff(self.extra.indptr) > 0)


@dataclass(frozen=True, eq=False)
class LabelSetJudge:
    """Fitted probes and a fitted model of wrong labels; judges any row, out of sample by its fold.

    probes: None where the user's own probabilities are taken.
    """

    probes: LabelProbes | None
    model: LabelSetModel

    @classmethod
    def fit(
        cls,
        sums: TargetSums,
        features: NDArray[np.floating],
        given: sparse.csr_array,
        folds: NDArray[np.integer],
        pred_probs: NDArray[np.float32] | None = None,
        *,
        model: LabelSetModel,
        exclude: Sequence[int] = (),
    ) -> LabelSetJudge:
        """Fit the probes on the sums, all else on rows: features (n, D), given (n, K), folds (n,).

        pred_probs (n, K): the user's own. model: a method of the kind `multilabel`, to be fitted. Folds in
        `exclude` are seen by nothing.
        """
        seen = np.flatnonzero(~np.isin(folds, exclude))
        probes = None
        if pred_probs is None:
            rows = features[seen], given[seen], folds[seen]
            probes = LabelProbes.fit(sums, *rows, exclude=exclude)
            probs = probes.probs(features[seen], folds[seen])
        else:
            probs = pred_probs[seen]
        model.fit(given[seen], probs)
        return cls(probes, model)

    def probs(
        self,
        features: NDArray[np.floating],
        folds: NDArray[np.integer],
        pred_probs: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """P(label is there) (N, K) that rows are judged by: the probes', or the user's own."""
        if self.probes is not None:
            return self.probes.probs(features, folds)
        assert pred_probs is not None  # noqa: S101 - `fit` was given them too
        return pred_probs

    def judge(
        self,
        features: NDArray[np.floating],
        given: sparse.csr_array,
        folds: NDArray[np.integer],
        pred_probs: NDArray[np.float32] | None = None,
    ) -> JudgedLabelSets:
        """Judge the given labels (N, K) of rows."""
        return self.model.judge(given, self.probs(features, folds, pred_probs))
