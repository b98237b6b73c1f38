"""EM by probes that never see a row's own fold: what was observed becomes a posterior of the classes.

A row counts for each class by its posterior in the sums that the next probes are fitted on. Taking the row's
own fold out of them keeps EM from believing what it said itself. Rows without any label come in later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.probes.ensemble import TEMPERED, ProbeEnsemble
from labelworks.tasks.methods.sums import FoldSums
from labelworks.tasks.methods.treatment.imprecise.core.evidence import Evidence
from labelworks.tasks.methods.treatment.imprecise.core.neighbours import Neighbours
from labelworks.tasks.methods.treatment.imprecise.core.pseudo_labels import SHARES, surest

CELLS = 1 << 21  # of a block, rows × classes
MOST, PATIENCE, BETTER = 60, 6, 1e-4  # rounds; those without a likelihood better by so much, then it ends
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Data:
    """Features (N, D), folds (N,) in [0, n_folds), what was observed of the rows, and probes by name."""

    features: NDArray[np.floating]
    folds: NDArray[np.integer]
    n_folds: int
    evidence: Evidence
    probes: Sequence[str]

    @property
    def width(self) -> int:
        """Rows of a block."""
        return max(CELLS // self.evidence.shape[1], 1)

    def probs(self, ensemble: ProbeEnsemble | None, rows: Rows) -> NDArray[np.float32]:
        """Out-of-sample probabilities (n, K) of rows; all alike before there are probes."""
        if ensemble is None:
            classes = self.evidence.shape[1]
            return np.full((len(rows), classes), 1 / classes, np.float32)
        return np.exp(ensemble.log_probs(self.features[rows], self.folds[rows]))

    def posteriors(
        self, ensemble: ProbeEnsemble | None
    ) -> Iterator[tuple[Rows, NDArray[np.float32], NDArray[np.float64]]]:
        """Labelled rows (n,), their posterior (n, K) and log-likelihood (n,), a block at a time."""
        for part in self.evidence.labelled:
            for inside in part.blocks(self.width):
                rows = part.rows[inside]
                probs = self.probs(ensemble, rows)
                posterior = part.posterior(inside, probs)
                yield rows, posterior, part.log_likelihood(inside, probs, posterior)

    def judged(
        self, ensemble: ProbeEnsemble, neighbours: Neighbours
    ) -> Iterator[tuple[Rows, NDArray[np.float32]]]:
        """Unlabelled rows (n,) and what probes and neighbours say of them (n, K), a block at a time."""
        rows = self.evidence.unlabelled
        for start in range(0, len(rows), self.width):
            part = rows[start : start + self.width]
            yield part, neighbours.judge(part, self.probs(ensemble, part))

    def sums(self, rows: Rows, memberships: NDArray[np.floating]) -> FoldSums:
        """The sums of rows by their memberships (n, K)."""
        return FoldSums.of_memberships(self.features[rows], memberships, self.folds[rows], self.n_folds)

    @property
    def nothing(self) -> FoldSums:
        """The sums of no row."""
        return self.sums(np.zeros(0, np.intp), np.zeros((0, self.evidence.shape[1])))

    def sampled(self) -> Rows:
        """Labelled rows by chance, the same every time, that temperatures are fitted on."""
        rows = np.concatenate([part.rows for part in self.evidence.labelled])
        return np.sort(rows[np.argsort(hashes(rows.astype(np.uint64)))[:TEMPERED]])


@dataclass(frozen=True)
class Fitted:
    """Probes, and the neighbours by which unlabelled rows are judged beside them, where there are any.

    score: mean log-likelihood of a labelled row, out of sample; rounds: of EM.
    """

    ensemble: ProbeEnsemble
    neighbours: Neighbours | None
    score: float
    rounds: int


@dataclass(frozen=True)
class _Pass:
    """What a pass over the labelled rows gives: sums, score, and labels drawn of the sampled rows (m,)."""

    sums: FoldSums
    score: float
    rows: Rows
    drawn: NDArray[np.int64]

    def probes(self, data: Data, sums: FoldSums) -> ProbeEnsemble:
        """Probes of sums; their temperatures by the labels drawn."""
        found = ProbeEnsemble.fit(sums, data.probes)
        return found.calibrate(data.features[self.rows], self.drawn, data.folds[self.rows])


def fit(data: Data) -> Fitted:
    """Fit by EM on the rows of which something was observed, then let the others in, surest first.

    Raises InputError where nothing was observed of any row.
    """
    if not data.evidence.labelled:
        raise InputError("no row has a label", where="observed", fix="give labels of some rows, of any kind")
    found = _expectation_maximisation(data, data.sampled())
    return _with_unlabelled(data, found, data.sampled()) if len(data.evidence.unlabelled) else found


def _expectation_maximisation(data: Data, sampled: Rows) -> Fitted:
    """EM until the likelihood of what was observed, out of sample, rises no more; the best of its rounds."""
    found = _pass(data, None, sampled)
    best = Fitted(found.probes(data, found.sums), None, -np.inf, 0)
    for number in range(1, MOST + 1):
        ensemble = found.probes(data, found.sums)
        found = _pass(data, ensemble, sampled)
        if found.score > best.score + BETTER:
            best = Fitted(ensemble, None, found.score, number)
        elif number - best.rounds >= PATIENCE:
            break
    return best


def _with_unlabelled(data: Data, start: Fitted, sampled: Rows) -> Fitted:
    """Let unlabelled rows in, a further share of each class in every round, by what is said of them then."""
    ensemble, unlabelled = start.ensemble, data.evidence.unlabelled
    labelled = np.concatenate([part.rows for part in data.evidence.labelled])
    classes = data.evidence.shape[1]
    around = Neighbours.among(data.features, labelled, unlabelled, sampled, classes)
    for share in SHARES:
        found, around = _heard(data, ensemble, around, sampled)
        sums, entered = found.sums, around.without(unlabelled)
        for rows, memberships in surest(partial(data.judged, ensemble, around), share):
            sums, entered = sums + data.sums(rows, memberships), entered.told(rows, memberships)
        ensemble, around = found.probes(data, sums), entered
    found, around = _heard(data, ensemble, around, sampled)
    return Fitted(ensemble, around, found.score, start.rounds)


def _heard(
    data: Data, ensemble: ProbeEnsemble, around: Neighbours, sampled: Rows
) -> tuple[_Pass, Neighbours]:
    """A pass over the labelled rows, and neighbours that know of it and are weighed by it."""
    found = _pass(data, ensemble, sampled)
    for rows, posterior, _ in data.posteriors(ensemble):
        around = around.told(rows, posterior)
    return found, around.weighed(found.rows, data.probs(ensemble, found.rows), found.drawn)


def _pass(data: Data, ensemble: ProbeEnsemble | None, sampled: Rows) -> _Pass:
    chosen = np.zeros(len(data.folds), bool)
    chosen[sampled] = True
    sums, score, count = data.nothing, 0.0, 0
    drawn: list[tuple[Rows, NDArray[np.int64]]] = []
    for rows, posterior, likelihood in data.posteriors(ensemble):
        sums += data.sums(rows, posterior)
        score, count = score + float(likelihood.sum()), count + len(rows)
        of = chosen[rows]
        drawn.append((rows[of], _drawn(rows[of], posterior[of])))
    where, labels = (np.concatenate(each) for each in zip(*drawn, strict=True))
    return _Pass(sums, score / count, where, labels)


def _drawn(rows: Rows, posterior: NDArray[np.float32]) -> NDArray[np.int64]:
    """A class of each row (n,) by its posterior (n, K), by the same chance in every round."""
    chance = hashes(rows.astype(np.uint64)).astype(np.float64) * 2.0**-64
    reached = np.cumsum(posterior, axis=1, dtype=np.float64)
    return np.asarray((reached < chance[:, None] * reached[:, -1:]).sum(axis=1), np.int64)
