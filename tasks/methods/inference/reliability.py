"""Whether the likeliest class is right as often as is said: sums over rows that merge over partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
TINY = 1e-12  # least probability, before its logarithm
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReliabilitySums:
    """By what is said of the likeliest class (B,): rows, the sum said, and of those of which it is right.

    brier, log_loss: sums over the rows, of the likeliest class and of the one that a row is of.
    """

    rows: Floats
    said: Floats
    right: Floats
    brier: float
    log_loss: float

    @classmethod
    def of(
        cls, said: NDArray[np.floating], right: NDArray[np.floating], likely: NDArray[np.floating],
        weight: ArrayLike | None = None,
    ) -> ReliabilitySums:  # fmt: skip
        """Of rows (N,): what is said of the likeliest class, whether that is right (0, 1), what is said of
        the class that the row is of, and what it counts for."""
        stated, true = np.asarray(said, np.float64), np.asarray(right, np.float64)
        count = np.ones(len(stated)) if weight is None else np.asarray(weight, np.float64)
        place = np.minimum((stated * BINS).astype(np.int64), BINS - 1)
        rows, total, hits = (
            np.bincount(place, count * factor, BINS).astype(np.float64) for factor in (1.0, stated, true)
        )
        loss = -np.log(np.maximum(np.asarray(likely, np.float64), TINY))
        return cls(rows, total, hits, float(count @ np.square(stated - true)), float(count @ loss))

    @classmethod
    def merged(cls, parts: Sequence[ReliabilitySums]) -> ReliabilitySums:
        """One of many."""
        rows, said, right = (
            np.sum([getattr(part, name) for part in parts], axis=0) for name in ("rows", "said", "right")
        )
        brier, log_loss = (
            float(sum(getattr(part, name) for part in parts)) for name in ("brier", "log_loss")
        )
        return cls(rows, said, right, brier, log_loss)

    @classmethod
    def of_plain(cls, plain: Mapping[str, list[float] | float]) -> ReliabilitySums:
        """Those that `plain` gave."""
        rows, said, right = (np.array(plain[name], np.float64) for name in ("rows", "said", "right"))
        return cls(rows, said, right, float(plain["brier"]), float(plain["log_loss"]))  # type: ignore[arg-type]

    @property
    def plain(self) -> dict[str, list[float] | float]:
        """The sums as JSON has them."""
        lists = {name: getattr(self, name).tolist() for name in ("rows", "said", "right")}
        return {**lists, "brier": self.brier, "log_loss": self.log_loss}

    @property
    def error(self) -> float:
        """The expected calibration error: how far a bin is off in the mean over rows (Naeini et al. 2015)."""
        return float(np.abs(self.said - self.right).sum() / self.rows.sum())

    @property
    def overconfidence(self) -> float:
        """How much more sure the rows are than right, in the mean: under 0, less."""
        return float((self.said - self.right).sum() / self.rows.sum())


def held_against_labels(
    probs: NDArray[np.floating], given: NDArray[np.integer], transition: NDArray[np.floating] | None = None
) -> ReliabilitySums:
    """How probabilities (N, K) foretell given labels (N,); rows without any, all 0, are left out.

    transition (K, K): the probabilities are of the true class, and P(given | true) is allowed for: what is
    said of the likeliest class is the probability that this very label was given, so a label that is wrong
    as often as the transition says counts as no mistake. It is as right as the transition. None: they are
    of the given label itself.
    """
    some = np.flatnonzero(probs.sum(axis=1) > 0)
    said, label = probs[some], given[some]
    best = said.argmax(axis=1)
    if transition is None:
        row = np.arange(len(some))
        return ReliabilitySums.of(said[row, best], best == label, said[row, label])
    of_class = transition.T.astype(np.float32)  # a row: P(this label is given | true class)
    stated, likely = (np.einsum("nk,nk->n", said, of_class[named]) for named in (best, label))
    return ReliabilitySums.of(np.clip(stated, 0, 1), best == label, likely)
