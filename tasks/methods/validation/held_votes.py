"""Do labels made of votes beat the majority's? Told by votes that neither has heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from labelworks.tasks.methods.crowd.fit import Floats, shares, summed
from labelworks.tasks.methods.crowd.votes import Votes
from labelworks.tasks.methods.statistics.halves import halves
from labelworks.tasks.methods.validation.disagreements import IMAGINED, IMPOSSIBLE, UNSEEN, Estimate, counted
from labelworks.tasks.methods.validation.publish_when import points

ROUNDS = 2  # votes of an item that are held out, one after another
LEAST_VOTES = 3  # of an item whose vote is held out: what is left has to be able to differ
CELLS = 16_000_000  # held-out votes × classes, at most
COMPLETED = 4.0  # votes of the whole crowd, by which those of an annotator are completed
LOG_TAU = (-3.0, 3.0)  # where the log of a posterior's sharpening is looked for
LEAST = 1e-6  # a vote less likely than that says no more: one shall not decide
Mask = NDArray[np.bool_]
Aggregated = Callable[[Votes], NDArray[np.floating]]  # votes → P(true label) (N, K)


@dataclass(frozen=True)
class VotesProof:
    """What held-out votes say of labels by a method, beside the answers that most gave.

    gain: of the log score of a held-out vote; difference: of the share of right labels. votes: that were held
    out, 0: no item has enough; apart: of these, on how many labels differ.
    """

    gain: Estimate
    difference: Estimate
    votes: int
    apart: int

    def why_not(self, margin: float | None) -> str:
        """Why labels are those that most gave, in a sentence; "" where the method's are proven.

        margin: of right labels that the method's may lose; None: they have to be better, by both figures.
        """
        (low, high), (least, most) = self.difference.interval, self.gain.interval
        held = f"on {self.votes:,} held-out votes"
        shown = f"right labels change by {points((low, high))} {held}"
        ends = f"{least:+.3f} to {most:+.3f}".replace("-", "−")
        scored = f"the log score of a vote changes by {ends} {held}"
        if not self.votes:
            return f"no vote could be held out: no item has {LEAST_VOTES}"
        if high < 0 or most < 0:
            said = shown if high < 0 else scored
            return f"labels by the method are worse than those that most gave: {said}"
        if margin is not None:
            return (
                ""
                if low >= -margin
                else f"that they lose no more than {100 * margin:g} points isn't proven: {shown}"
            )
        if low > 0 and least > 0:
            return ""
        said = scored if low > 0 else shown
        return f"that labels by the method are better than those that most gave isn't proven: {said}"


@dataclass(frozen=True, eq=False)
class _Held:
    """Held-out votes (H,): codes, and what is left of their items by method and by shares, (H, K)."""

    item: NDArray[np.int64]
    annotator: NDArray[np.int64]
    answer: NDArray[np.int64]
    by_method: Floats
    by_shares: Floats


def prove_votes(votes: Votes, aggregated: Aggregated, seed: int = 0) -> VotesProof:
    """Compare labels that a method makes of votes with those that most annotators gave.

    aggregated: votes → P(true label) (N, K). Of each item with three votes or more one is held out, and
    another in a second round. What the rest says foretells it through how its annotator confuses classes,
    which is fitted on other items' held-out votes, for either kind of label by itself (Dawid & Skene 1979;
    Gneiting & Raftery 2007, the log score). Where labels differ, how often either is right is the maximum
    likelihood of the held-out votes. It speaks of labels of one vote less, by these annotators, and assumes
    that they err apart from each other.
    """
    held = _held(votes, aggregated, seed)
    if held is None:
        return VotesProof(Estimate(0.0, 0.0), Estimate(0.0, 0.0), 0, 0)
    method, by_method = _scored(held, held.by_method, votes, seed)
    plain, by_shares = _scored(held, held.by_shares, votes, seed)
    gain = _by_item(held.item, method - plain)
    change, apart = _difference(held, (by_method + by_shares) / 2)
    return VotesProof(gain, change, len(held.item), apart)


def _held(votes: Votes, aggregated: Aggregated, seed: int) -> _Held | None:
    """The held-out votes of all rounds, of as many items as are allowed; None where there are none."""
    order = np.random.default_rng(seed).random(len(votes.item))
    enough = votes.counts.sum(axis=1) >= LEAST_VOTES
    most = CELLS // (ROUNDS * votes.shape[2])
    enough &= np.cumsum(enough) <= most
    rounds = [_round(votes, aggregated, held) for held in _rounds(votes, order, enough) if held.any()]
    if not rounds:
        return None
    return _Held(*(np.concatenate(parts) for parts in zip(*rounds, strict=True)))


def _rounds(votes: Votes, order: Floats, enough: Mask) -> Iterator[Mask]:
    """Which votes (V,) are held out: of each item the first by chance, then the second."""
    by_item = np.lexsort((order, votes.item))
    first = np.searchsorted(votes.item[by_item], np.arange(len(votes.items)))
    place = np.empty(len(order), np.int64)
    place[by_item] = np.arange(len(order)) - first[votes.item[by_item]]
    for number in range(ROUNDS):
        yield (place == number) & enough[votes.item]


def _round(votes: Votes, aggregated: Aggregated, held: Mask) -> tuple[NDArray[np.generic], ...]:
    rest = votes.only(~held)
    item = votes.item[held]
    said = np.asarray(aggregated(rest), np.float64)[item], shares(rest)[item]
    return item, votes.annotator[held], votes.answer[held], *said


def _scored(held: _Held, posterior: Floats, votes: Votes, seed: int) -> tuple[Floats, Floats]:
    """Log-probability (H,) of held-out votes by posteriors (H, K), and P(vote | class) (H, K)."""
    logs = np.log(np.maximum(posterior, 1e-4))
    scores, chances = np.empty(len(logs)), np.empty_like(logs)
    for fitted, scored in halves(len(votes.items), seed):
        fit, out = fitted[held.item], scored[held.item]
        chance = _chances(held, posterior, fit, votes)

        def loss(place: float, fit: Mask = fit, chance: Floats = chance) -> float:
            return -float(_log_score(logs[fit], chance[fit], place).mean())

        place = minimize_scalar(loss, bounds=LOG_TAU, method="bounded").x if fit.any() else 0.0
        scores[out], chances[out] = _log_score(logs[out], chance[out], float(place)), chance[out]
    return scores, chances


def _log_score(logs: Floats, chance: Floats, place: float) -> Floats:
    posterior = np.exp(log_softmax(np.exp(place) * logs, axis=1))
    return np.asarray(np.log(np.maximum((posterior * chance).sum(axis=1), LEAST)))


def _chances(held: _Held, posterior: Floats, fit: Mask, votes: Votes) -> Floats:
    """P(vote | class) (H, K), as its annotator confuses classes on the items that are fitted on."""
    pair, of_vote = np.unique(held.annotator * votes.shape[2] + held.answer, return_inverse=True)
    there = posterior * fit[:, None]
    own = summed(of_vote, there, len(pair))[of_vote]
    all_own = summed(held.annotator, there, votes.shape[1])[held.annotator]
    crowd = summed(held.answer, there, votes.shape[2]) + 1 / votes.shape[2]
    crowd /= crowd.sum(axis=0)
    return np.asarray((own + COMPLETED * crowd[held.answer]) / (all_own + COMPLETED))


def _by_item(item: NDArray[np.int64], values: Floats) -> Estimate:
    """The mean of values (H,) of votes, those on one item being alike; the annotators are all there are."""
    mean = float(values.mean())
    return Estimate(mean, float(np.sqrt((np.bincount(item, values - mean) ** 2).sum())) / len(values))


def _difference(held: _Held, chances: Floats) -> tuple[Estimate, int]:
    """How many more labels of the method are right than of the shares; and on how many votes they differ."""
    method, plain = held.by_method.argmax(axis=1), held.by_shares.argmax(axis=1)
    apart = np.flatnonzero(method != plain)
    at, rows = np.arange(len(apart)), len(held.item)
    others = chances[apart]
    own = [others[at, labels[apart]] for labels in (plain, method)]
    for labels in (plain, method):
        others[at, labels[apart]] = 0
    neither = others.sum(axis=1) / max(others.shape[1] - 2, 1)
    change, error = counted(
        np.stack([*own, neither], axis=1) + IMPOSSIBLE,
        np.ones(len(apart)),
        np.array([IMAGINED, IMAGINED, UNSEEN]),
    )
    contrast = np.array([-1.0, 1.0, 0.0])
    spread = np.sqrt(ROUNDS * (contrast @ error @ contrast))  # an item is there once a round
    return Estimate(float(change @ contrast) / rows, float(spread) / rows), len(apart)
