"""What labels the rows of a window, once it has been learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.label_shift.pseudo.claims import PseudoClaims
from labelworks.tasks.methods.label_shift.pseudo.views import UNLABELLED, Codes, Views

KNOWN = 0.5  # a row that is likelier of no known class is given none


@dataclass(frozen=True, eq=False)
class PseudoLabeller:
    """Labels any row of the window whose claim reaches its class's `cut` (K,); inf: the class is never given.

    known (K, C): P(of a known class) by predicted class and labelled neighbours. rounds: how often the surest
    rows had come in. precision: how often hidden labelled rows are labelled rightly by the same cut, at the
    window's class mix, with its interval at 95 %.
    """

    views: Views
    claims: PseudoClaims
    known: Floats
    cut: Floats
    rounds: int
    precision: float
    interval: tuple[float, float]

    def label(
        self, features: NDArray[np.floating], posterior: Matrix, unknown: NDArray[np.floating]
    ) -> tuple[Codes, Matrix]:
        """Labels (n,), UNLABELLED where it abstains, and claims (n,): P(the likeliest class is right).

        features (n, D); posterior (n, K) at the window's class mix; unknown (n,): P(of no known class).
        """
        bank, best = self.views.bank, posterior.argmax(axis=1)
        near = bank.near(features)
        strange = np.maximum(unknown, 1 - self.known[best, bank.among_labelled(near)])
        evidence = self.views.evidence(posterior, bank.unit(features), near)
        claim = known_claims(self.claims.of(evidence, best), strange)
        labels = np.where((claim > 0) & (claim >= self.cut[best]), best, UNLABELLED)
        return labels.astype(np.int32), claim.astype(np.float32)


def known_claims(claims: Floats, unknown: NDArray[np.floating]) -> Floats:
    """Claims (n,) where rows may be of no known class (n,); 0 where they likely are."""
    return np.where(unknown <= KNOWN, claims * (1 - unknown), 0.0)


def cuts(best: NDArray[np.intp], claims: Floats, precision: float, classes: int) -> Floats:
    """For each class (K,) the least claim (n,) of the most rows that are right in the mean as often as asked.

    best (n,): likeliest classes. A class none of whose rows is that sure has inf.
    """
    cut = np.full(classes, np.inf)
    for code in np.unique(best):
        mine = np.sort(claims[best == code])[::-1]
        enough = np.flatnonzero(np.cumsum(mine) >= precision * np.arange(1, len(mine) + 1))
        if len(enough):
            cut[code] = mine[enough[-1]]
    return cut
