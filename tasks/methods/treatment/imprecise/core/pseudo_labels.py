"""Rows without a label: they come in by confidence, the surest of each class first, as far as that helps.

How far is chosen on labelled rows that are hidden, a fold at a time, and so is how much what is said of an
unlabelled row is to be believed: rows that were seen would praise whatever was made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.opinion_pool import pool_shares
from labelworks.tasks.methods.statistics.sums import FoldSums, MappedSums
from labelworks.tasks.methods.treatment.imprecise.core.fitting import Data, Fitted, Rows
from labelworks.tasks.methods.treatment.imprecise.core.neighbours import Neighbours

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)  # of the unlabelled rows that have come in, by round
Judged = Iterator[tuple[Rows, NDArray[np.float32]]]


@dataclass(frozen=True)
class PseudoJudge:
    """What unlabelled rows are judged by: probes by fold, the last of all rows, and neighbours."""

    ensemble: ProbeEnsemble
    around: Neighbours

    def probs(self, data: Data, rows: Rows, folds: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
        """What probes alone say of rows (n, K), those that saw no pseudo-label of their fold; None: all."""
        return np.exp(self.ensemble.log_probs(data.features[rows], folds))

    def unlabelled(self, data: Data) -> Judged:
        """Unlabelled rows (n,) and what is said of them (n, K), a block at a time."""
        rows = data.evidence.unlabelled
        for start in range(0, len(rows), data.width):
            part = rows[start : start + data.width]
            yield part, self.around.judge(part, self.probs(data, part, data.folds[part]))


def let_in(data: Data, fitted: Fitted) -> PseudoJudge:
    """What unlabelled rows are judged by, after as many rounds as foretell hidden labels best.

    Sources: Cascante-Bonilla et al. 2021, percentiles that grow; Zhang et al. 2021, a threshold a class.
    """
    start = _known(data, fitted)
    hidden = [_hidden(data, fitted, start, fold) for fold in np.unique(data.folds[fitted.rows])]
    labels = np.concatenate([drawn for _, drawn in hidden])
    tries = []
    for by_fold in zip(*(opinions for opinions, _ in hidden), strict=True):
        opinions = np.concatenate(by_fold, axis=1)
        shares = pool_shares(list(opinions), labels)
        tries.append((log_loss(opinions, shares, labels), shares))
    rounds = int(np.argmin([loss for loss, _ in tries]))
    *_, last = _rounds(data, fitted, start, None, rounds)
    return replace(last, around=replace(last.around, shares=tries[rounds][1]))


def surest(judged: Callable[[], Judged], share: float) -> Judged:
    """Of judged rows, blocks of (n,) and their posteriors (n, K), the surest share of those of each class.

    The threshold is each class's own percentile of confidence, so that easy classes don't crowd out others.
    judged is called twice: memory is that of a block and two numbers a row.
    """
    opinions = [
        (posterior.argmax(axis=1).astype(np.int32), posterior.max(axis=1)) for _, posterior in judged()
    ]
    best, sure = (np.concatenate(parts) for parts in zip(*opinions, strict=True))
    least = np.zeros(int(best.max()) + 1, np.float32)
    for label in np.unique(best):
        mine = np.sort(sure[best == label])[::-1]
        least[label] = mine[int(np.ceil(share * len(mine))) - 1]
    for rows, posterior in judged():
        taken = posterior.max(axis=1) >= least[posterior.argmax(axis=1)]
        yield rows[taken], posterior[taken]


def log_loss(
    opinions: NDArray[np.floating], shares: NDArray[np.floating], labels: NDArray[np.integer]
) -> float:
    """Mean log loss of labels (n,) by opinions (P, n, K), logits, which count for shares (P,)."""
    logs = log_softmax(np.tensordot(shares, opinions, axes=1), axis=1)
    return float(-logs[np.arange(len(labels)), labels].mean())


def _known(data: Data, fitted: Fitted) -> Neighbours:
    """Neighbours that know of all labelled rows, heard as far as they foretell their labels."""
    labelled = np.concatenate([part.rows for part in data.evidence.labelled])
    around = Neighbours.among(
        data.features, labelled, data.evidence.unlabelled, fitted.rows, data.evidence.shape[1]
    )
    for rows, posterior, _ in data.posteriors(fitted.ensemble):
        around = around.told(rows, posterior)
    return around.weighed(fitted.rows, data.probs(fitted.ensemble, fitted.rows), fitted.drawn)


def _hidden(
    data: Data, fitted: Fitted, start: Neighbours, fold: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.int64]]:
    """What probes and neighbours say (2, n, K), by round, of a fold's rows with hidden labels; and those."""
    mine = data.folds[fitted.rows] == fold
    rows = fitted.rows[mine]
    rounds = _rounds(data, fitted, start, fold, len(SHARES))
    return [round_.around.opinions(rows, round_.probs(data, rows)) for round_ in rounds], fitted.drawn[mine]


def _rounds(
    data: Data, fitted: Fitted, start: Neighbours, hidden: int | None, most: int
) -> Iterator[PseudoJudge]:
    """What is known before any unlabelled row has come in, and after each round of them."""
    around, kept = start, np.arange(data.n_folds) != (-1 if hidden is None else hidden)
    if hidden is not None:
        for part in data.evidence.labelled:
            around = around.without(part.rows[data.folds[part.rows] == hidden])
    entered = data.nothing
    for share in (*SHARES[:most], None):
        judge = PseudoJudge(_probes(data, fitted, entered, kept), around)
        yield judge
        if share is None:
            break
        entered, around = data.nothing, around.without(data.evidence.unlabelled)
        for rows, memberships in surest(partial(judge.unlabelled, data), share):
            entered, around = entered + data.sums(rows, memberships), around.told(rows, memberships)


def _probes(data: Data, fitted: Fitted, entered: FoldSums, kept: NDArray[np.bool_]) -> ProbeEnsemble:
    """Probes by fold of the rows that came in, of which each sees all labelled rows of the kept folds.

    They are as sure as those of EM: on rows that they saw no temperature can be fitted.
    """
    sums = _beside(entered, fitted.sums, kept)
    if entered.mapped and fitted.sums.mapped:
        random, mapped = entered.mapped.random, entered.mapped.sums
        sums = replace(sums, mapped=MappedSums(random, _beside(mapped, fitted.sums.mapped.sums, kept)))
    return ProbeEnsemble.fit(sums, data.probes).as_sure_as(fitted.ensemble)


def _beside(entered: FoldSums, known: FoldSums, kept: NDArray[np.bool_]) -> FoldSums:
    """Sums by fold, and those of other rows, of the kept folds together, as one fold more."""
    return FoldSums(
        np.concatenate([entered.count, known.count[kept].sum(axis=0)[None]]),
        np.concatenate([entered.total, known.total[kept].sum(axis=0)[None]]),
        np.concatenate([entered.gram, known.gram[kept].sum(axis=0)[None]]),
    )
