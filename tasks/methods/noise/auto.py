"""The method that finds out about the data what the others assume, and flags by a stated target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from labelworks.tasks.methods.neighbours.cosine import agreement
from labelworks.tasks.methods.noise.core.checks import checked
from labelworks.tasks.methods.noise.core.claims.flips import (
    drawn,
    evidence_of,
    fit_flip_model,
    flipped,
    offset_to,
)
from labelworks.tasks.methods.noise.core.claims.rate_range import RateRange, rate_range
from labelworks.tasks.methods.noise.core.claims.targets import (
    NOTHING,
    Target,
    checked_target,
    false_discovery,
    just_under,
    max_f1,
    sided_with,
    within_budget,
)
from labelworks.tasks.methods.noise.core.reading_choice import ReadingChoice, choose_views
from labelworks.tasks.methods.noise.core.reservoir import STREAM
from labelworks.tasks.methods.noise.core.result import NoiseResult, best_class, score_of
from labelworks.tasks.methods.noise.core.sampled import SampledModel
from labelworks.tasks.methods.noise.core.second_view import vote_of
from labelworks.tasks.methods.noise.core.transition_em import NoisyLabels, jackknife_spread, sorted_order
from labelworks.tasks.methods.noise.core.views import Reading, View, reading
from labelworks.tasks.methods.registry import register

ENOUGH = 50  # errors expected in the sample, ten a coefficient of the flip model (Peduzzi 1996): half its say
UNSTEADY = (
    "nothing is flagged: a share of false discoveries can be promised only where wrong labels are as common "
    "among rows that are sure as among those that are hard, and here they are not; "
    "look at some rows (audited), or give a budget of rows"
)
Labels = NDArray[np.integer]


@register("noise", "auto", needs=("pred_probs",), source="this project; Bates et al. 2023 for fdr")
class Auto(SampledModel):
    """Noise transition on the reading of the probabilities that fits best, with flips learned from.

    Options: target (max_f1, {fdr: share}, {budget: rows}), sample (rows held to fit on), seed.
    """

    name = "auto"
    hears_vote = True
    with_neighbours = "auto-neighbours"  # answers in its place where features or neighbours are at hand

    def __init__(self, *, target: Target = "max_f1", sample: int = 20_000, seed: int = 0) -> None:
        super().__init__(sample=sample, seed=seed)
        self.target = checked_target(target)
        self._clean, self._sided, self._promise = np.zeros(0), 0.0, ""

    def finish(self) -> None:
        """Choose the reading, fit its transition, learn from flips, place the cut."""
        columns = self._sampled()
        order = sorted_order(columns[0], columns[1])
        labels, probs, beside = (column[order] for column in columns)
        near = None if self.hears_vote else beside  # a vote, or what the nearest bear
        vote = beside if near is None else vote_of(near, probs)
        chosen = choose_views(labels, probs, vote)
        self._steady = chosen.steady
        self._views = chosen.views
        weights = [view.weight for view in self._views]
        self.transition = np.average([view.transition for view in self._views], axis=0, weights=weights)
        read = reading(self._views, labels, probs)
        self._rate = float(np.clip(expit(-read.odds).mean(dtype=np.float64), 0, 1))
        self._range = self._rate_range(labels, probs, chosen)
        errors = self._rate * len(labels)
        self._taught = errors / (errors + ENOUGH) / 2
        rng = np.random.default_rng([self._seed, STREAM])
        self._learn(labels, probs, near, read, rng)
        self._offset = 0.0
        self._offset = offset_to(self._rate, self._error_odds(labels, probs, near, read))
        odds = self._error_odds(labels, probs, near, read)
        error = expit(odds)
        if self.target[0] == "fdr":
            self._clean = self._clean_errors(probs, near, _rescaled(read, labels, error), rng)
            heard = sided_with(error, labels, vote, self.target[1]) if chosen.agreed else 0.0
            self._sided = heard if chosen.steady else NOTHING
            self._promise = "" if chosen.steady else UNSTEADY
        self._least = self._cut(self._suspicion(error, score_of(odds)))
        by_score = self.target[0] == "budget" and self._least < 1
        least = float(expit(4 * logit(self._least))) if by_score else self._least  # undoes score_of
        self._threshold = just_under(least)

    def score(self, labels: ArrayLike, pred_probs: Any, **beside: Any) -> NoiseResult:
        """Judge a part, after finish: labels (n,), pred_probs (n, K); flags by the sample's cut."""
        given, probs = checked(labels, pred_probs, classes=self._classes)
        columns = self._checked_beside(beside, len(given))
        return self.judge(given, probs, neighbour_labels=columns[0] if columns else None)

    def judge(
        self,
        given: NDArray[np.int32],
        probs: NDArray[np.float32],
        *,
        neighbour_labels: Labels | None = None,
        posterior: bool = True,
    ) -> NoiseResult:
        """Judge rows that were checked: given (n,), probs (n, K), neighbour_labels (n, k) if it sees them."""
        read = reading(self._views, given, probs)
        odds = self._error_odds(given, probs, neighbour_labels, read)
        error, score = expit(odds.astype(np.float32)), score_of(odds)
        flag = self._suspicion(error, score) >= np.float32(self._least)
        return NoiseResult(
            score=score,
            error_probability=error,
            flag=flag,
            suggestion=best_class(read.shares, given, flag),
            posterior=_rescaled(read, given, error) if posterior else None,
            transition=self.transition,
            noise_rate=self._rate,
            noise_rate_interval=(self._range.low, self._range.high),
            method=self.name,
            reason=self._promise or self._range.reason,
            steady=self._steady,
        )

    def flags(self, found: NoiseResult) -> NDArray[np.bool_]:
        """Flag the rows (N,) of all the data by what was found of them, so that the target is met on it."""
        suspicion = self._suspicion(found.error_probability, found.score)
        return np.asarray(suspicion >= np.float32(self._cut(suspicion)))

    def _suspicion(self, error: NDArray[np.floating], score: NDArray[np.float32]) -> NDArray[np.floating]:
        """What the target cuts (N,): a budget goes by the score, since sure errors all have probability 1."""
        return 1 - score if self.target[0] == "budget" else error

    def _cut(self, error: NDArray[np.floating]) -> float:
        name, value = self.target
        if name == "max_f1":
            return max_f1(error)
        if name == "fdr":
            return max(false_discovery(error, self._clean, value), self._sided)
        return within_budget(error, value / self.rows)

    def _error_odds(
        self, given: NDArray[np.int32], probs: NDArray[np.float32], near: Labels | None, read: Reading
    ) -> NDArray[np.float32]:
        """Log-odds (n,) that the label is wrong: by the posterior, up to half by what the flips taught.

        What neighbours (n, k) say beyond the probabilities, the posterior has not heard: it counts whole.
        """
        evidence = evidence_of(given, probs, read)
        learned = self._flips.log_ratio(evidence)
        odds = self._taught * (learned + np.log(max(self._rate, 1e-9))) - (1 - self._taught) * read.odds
        if near is not None:
            heard = self._heard.log_ratio(np.column_stack([evidence, agreement(given, near)]))
            odds += 2 * self._taught * (heard - learned)
        return np.asarray(odds + self._offset, np.float32)

    def _learn(
        self,
        labels: NDArray[np.int32],
        probs: NDArray[np.float32],
        near: Labels | None,
        read: Reading,
        rng: np.random.Generator,
    ) -> None:
        """Learn from flips how evidence adds up, without neighbours and, where there are any, with them."""
        wrong, weights = flipped(read.shares, self.transition, rng)
        flips = evidence_of(wrong, probs, reading(self._views, wrong, probs))
        rows = evidence_of(labels, probs, read)
        self._flips = fit_flip_model(flips, weights, rows)
        if near is not None:
            flips = np.column_stack([flips, agreement(wrong, near)])
            self._heard = fit_flip_model(flips, weights, np.column_stack([rows, agreement(labels, near)]))

    def _clean_errors(
        self,
        probs: NDArray[np.float32],
        near: Labels | None,
        posterior: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Error probabilities (M,) of labels drawn as the true ones: what a correct label looks like."""
        true = drawn(posterior, rng)
        odds = self._error_odds(true, probs, near, reading(self._views, true, probs))
        return np.asarray(expit(odds.astype(np.float64)))

    def _rate_range(
        self, labels: NDArray[np.int32], probs: NDArray[np.float32], chosen: ReadingChoice
    ) -> RateRange:
        view: View = self._views[0]
        data = NoisyLabels(labels, view.log_odds(probs))
        spread = jackknife_spread(data, view.tau, view.strength, view.transition, self._seed)
        contradicted = float(np.mean(probs.argmax(axis=1) != labels))
        interval = rate_range(chosen.first_rate, spread, contradicted, len(labels), chosen.agreed)
        return replace(interval, low=min(interval.low, self._rate), high=max(interval.high, self._rate))


def _rescaled(read: Reading, given: NDArray[np.int32], error: NDArray[np.floating]) -> NDArray[np.float32]:
    """The posterior (N, K) with P(true = given) replaced by 1 - error and the other classes scaled to it."""
    scaled = read.shares * (error / read.others)[:, None].astype(np.float32)
    scaled[np.arange(len(given)), given] = 1 - error
    return scaled
