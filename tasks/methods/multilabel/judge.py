"""What is known of every row's labels: probabilities out of sample, then what looks missing or extra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.multilabel.claims import CellClaims
from labelworks.tasks.methods.multilabel.probabilities import LabelProbes
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums

if TYPE_CHECKING:
    from labelworks.tasks.methods.protocols.noise import LabelSetModel


@dataclass(frozen=True, eq=False)
class JudgedLabelSets:
    """Rows (N,) judged. missing, extra: sparse (N, K) float32, P(error) of the cells that look wrong.

    score (N,): 1 = surely fine. missing_claim, extra_claim: of the same cells, P(error) as far as it is borne
    out; None: nobody asked.
    """

    score: NDArray[np.float32]
    missing: sparse.csr_array
    extra: sparse.csr_array
    missing_claim: sparse.csr_array | None = None
    extra_claim: sparse.csr_array | None = None

    @property
    def claimed(self) -> sparse.csr_array:
        """What is claimed of cells (N, K), missing and extra."""
        parts = [claim for claim in (self.missing_claim, self.extra_claim) if claim is not None]
        return sparse.csr_array(sum(parts, sparse.csr_array(self.missing.shape, dtype=np.float32)))

    @property
    def flag(self) -> NDArray[np.bool_]:
        """Rows (N,) of which a label looks wrong."""
        return np.asarray(np.diff(self.missing.indptr) + np.diff(self.extra.indptr) > 0)


@dataclass(frozen=True, eq=False)
class LabelSetJudge:
    """Probes, a model of wrong labels, what its suspicions are worth; judges rows, out of sample by fold.

    probes: of each label by itself, which suspicions go by, and hearing: of a label by all that a row shows,
    which claims go by. None where the user's own probabilities are taken.
    """

    probes: LabelProbes | None
    hearing: LabelProbes | None
    model: LabelSetModel
    claims: CellClaims

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
        given = sparse.csr_array(given)[seen]
        if pred_probs is not None:
            probs = pred_probs[seen]
            model.fit(given, probs)
            return cls(None, None, model, CellClaims.fit(given, probs))
        features, folds = features[seen], folds[seen]
        alone, hearing = (
            LabelProbes.fit(sums, features, given, folds, exclude=exclude, alone=missing)
            for missing in (True, False)
        )
        model.fit(given, alone.probs(features, folds, given))
        return cls(alone, hearing, model, CellClaims.fit(given, hearing.probs(features, folds, given)))

    def probs(
        self,
        features: NDArray[np.floating],
        given: sparse.csr_array,
        folds: NDArray[np.integer],
        pred_probs: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """P(label is there) (N, K) that rows are judged by: the probes', or the user's own."""
        if self.probes is not None:
            return self.probes.probs(features, folds, given)
        assert pred_probs is not None  # noqa: S101 - `fit` was given them too
        return pred_probs

    def judge(
        self,
        features: NDArray[np.floating],
        given: sparse.csr_array,
        folds: NDArray[np.integer],
        pred_probs: NDArray[np.float32] | None = None,
    ) -> JudgedLabelSets:
        """Judge the given labels (N, K) of rows: what the model suspects, and what may be claimed of that."""
        probs = self.probs(features, given, folds, pred_probs)
        judged = self.model.judge(given, probs)
        if self.hearing is not None:
            probs = self.hearing.probs(features, folds, given)
        there = given.toarray() > 0
        claims = [self.claims.of(there, probs, missing=kind) for kind in (True, False)]
        within = map(_within, claims, (judged.missing, judged.extra))
        return JudgedLabelSets(judged.score, judged.missing, judged.extra, *within)


def _within(claims: sparse.csr_array, cells: sparse.csr_array) -> sparse.csr_array:
    """Claims at suspected cells (N, K), stored where these are, 0 where nothing is claimed."""
    cells.sort_indices()
    row = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    data = np.asarray(claims[row, cells.indices], np.float32).ravel() if len(row) else np.zeros(0, np.float32)
    return sparse.csr_array((data, cells.indices.copy(), cells.indptr.copy()), shape=cells.shape)
