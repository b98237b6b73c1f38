"""EM by probes that never see a row's own fold: what was observed becomes a posterior of the classes.

A row counts for each class by its posterior in the sums that the next probes are fitted on. Taking the row's
own fold out of them keeps EM from believing what it said itself. Rows without any label come in later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.probes.ensemble import TEMPERED, ProbeEnsemble
from labelworks.tasks.methods.probes.random_features_choice import choose_random_features
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.imprecise.core.evidence import Evidence

CELLS = 1 << 21  # of a block, rows × classes
OPEN = 1e-3  # of the likelihood of the likeliest class: less is no other that a row may be of
MOST, PATIENCE, BETTER = 60, 6, 1e-4  # rounds; those without a likelihood better by so much, then it ends
BY_PROPENSITY = "single-positive"
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Data:
    """Features (N, D), folds (N,) in [0, n_folds), what was observed of the rows, and probes by name.

    random: random features that are summed up beside, where they were found to help.
    """

    features: NDArray[np.floating]
    folds: NDArray[np.integer]
    n_folds: int
    evidence: Evidence
    probes: Sequence[str]
    random: RandomFeatures | None = None

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

    def sums(self, rows: Rows, memberships: NDArray[np.floating]) -> FoldSums:
        """The sums of rows by their memberships (n, K)."""
        seen = self.features[rows], memberships, self.folds[rows], self.n_folds
        return FoldSums.of_memberships(*seen, self.random)

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
    """Probes fitted by EM, the labelled rows' sums by them, and labels drawn of the sampled ones, rows (m,).

    score: mean log-likelihood of a labelled row, out of sample; rounds: of EM.
    """

    ensemble: ProbeEnsemble
    sums: FoldSums
    rows: Rows
    drawn: NDArray[np.int64]
    score: float
    rounds: int

    @property
    def mix(self) -> NDArray[np.float64]:
        """The class mix (K,) of the labelled rows."""
        count = self.sums.count.sum(axis=0)
        return np.asarray(count / count.sum(), np.float64)


@dataclass(frozen=True)
class _Pass:
    """What a pass over the labelled rows gives: sums, score, and labels drawn of the sampled rows (m,)."""

    sums: FoldSums
    score: float
    rows: Rows
    drawn: NDArray[np.int64]

    def probes(self, data: Data) -> ProbeEnsemble:
        """Probes of its sums; their temperatures by the labels drawn."""
        probes = ProbeEnsemble.fit(self.sums, data.probes)
        return probes.calibrate(data.features[self.rows], self.drawn, data.folds[self.rows])

    def fitted(self, ensemble: ProbeEnsemble, number: int) -> Fitted:
        """What was found by an ensemble in a round."""
        return Fitted(ensemble, self.sums, self.rows, self.drawn, self.score, number)


def fit(data: Data) -> tuple[Data, Fitted]:
    """EM on the rows of which something was observed; also the data, with random features where they help.

    These are asked of the labels found without them, and kept where what was observed is foretold better;
    not of positive and unlabelled rows, whose probes would learn which rows are labelled.
    Raises InputError where nothing was observed of any row.
    """
    if not data.evidence.labelled:
        raise InputError("no row has a label", where="observed", fix="give labels of some rows, of any kind")
    plain = _expectation_maximisation(data, None)
    rows = plain.rows
    asked = single(data.features[rows]), plain.drawn, data.folds[rows]
    random = choose_random_features(plain.sums, *asked, None, data.probes, own_units=True)
    if random is None or any(part.kind == BY_PROPENSITY for part in data.evidence.labelled):
        return data, plain
    mapped = replace(data, random=random)
    fitted = _expectation_maximisation(mapped, plain.ensemble)
    return (mapped, fitted) if fitted.score > plain.score + BETTER else (data, plain)


def first_probes(data: Data) -> ProbeEnsemble:
    """Probes fitted on what was observed of the labelled rows, before any round."""
    return _pass(data, None, data.sampled()).probes(data)


def _expectation_maximisation(data: Data, start: ProbeEnsemble | None) -> Fitted:
    """EM from what probes say, or from nothing: the round that best foretells what was observed."""
    sampled = data.sampled()
    fitted = _pass(data, start, sampled)
    best = fitted.fitted(fitted.probes(data), 0)
    for number in range(1, MOST + 1):
        ensemble = fitted.probes(data)
        fitted = _pass(data, ensemble, sampled)
        if fitted.score > best.score + BETTER or best.rounds == 0:
            best = fitted.fitted(ensemble, number)
        elif number - best.rounds >= PATIENCE:
            break
    return best


def alone(data: Data) -> Iterator[tuple[Rows, NDArray[np.float32], NDArray[np.bool_]]]:
    """Labelled rows (n,), P(class) (n, K) by what was observed alone, and which of them that leaves open."""
    for part in data.evidence.labelled:
        for inside in part.blocks(data.width):
            said = part.given(inside)
            total = np.maximum(said.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
            yield (
                part.rows[inside],
                said / total,
                (said > OPEN * said.max(axis=1, keepdims=True)).sum(axis=1) > 1,
            )


def foretold(data: Data, ensemble: ProbeEnsemble, mix: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log-likelihood (n, 2) of what was observed of labelled rows, by probes and by a class mix (K,)."""
    predicted = []
    for part in data.evidence.labelled:
        for inside in part.blocks(data.width):
            rows = part.rows[inside]
            even = np.tile(np.asarray(mix, np.float32), (len(rows), 1))
            by = [
                part.log_likelihood(inside, probs, part.posterior(inside, probs))
                for probs in (data.probs(ensemble, rows), even)
            ]
            predicted.append(np.stack(by, axis=1))
    return np.concatenate(predicted)


def _pass(data: Data, ensemble: ProbeEnsemble | None, sampled: Rows) -> _Pass:
    chosen = np.zeros(len(data.folds), bool)
    chosen[sampled] = True
    sums, score, count = data.nothing, 0.0, 0
    kept: list[tuple[Rows, NDArray[np.int64]]] = []
    for rows, posterior, likelihood in data.posteriors(ensemble):
        sums += data.sums(rows, posterior)
        score, count = score + float(likelihood.sum()), count + len(rows)
        of = chosen[rows]
        kept.append((rows[of], drawn(rows[of].astype(np.uint64), posterior[of])))
    where, labels = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return _Pass(sums, score / count, where, labels)


def drawn(numbers: NDArray[np.uint64], posterior: NDArray[np.float32]) -> NDArray[np.int64]:
    """A class of each row (n,) by its posterior (n, K): the same chance for the same number."""
    chance = hashes(numbers).astype(np.float64) * 2.0**-64
    reached = np.cumsum(posterior, axis=1, dtype=np.float64)
    return np.asarray((reached < chance[:, None] * reached[:, -1:]).sum(axis=1), np.int64)
