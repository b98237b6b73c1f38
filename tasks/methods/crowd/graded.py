"""The model behind `hierarchical` and `difficulty`: pooled confusion matrices, graded items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, logsumexp

from labelworks.tasks.methods.crowd.fit import (
    AnswerModel,
    Codes,
    Fit,
    Floats,
    converged,
    fitted_dirichlet,
    normalized,
    shares,
    summed,
)
from labelworks.tasks.methods.crowd.votes import Votes

ITERATIONS = 150
TOLERANCE = 1e-4
ALIKE = (1.0,)
CLAIM = 2.0  # annotators who name a class in less than half the cases where it is true don't name it


@dataclass(frozen=True, eq=False)
class _State:
    """Of one iteration: what the next maximisation starts from.

    joint (N, C·D) of class and level; counts (P, C) of votes given by the confusion matrix.
    """

    joint: Floats
    counts: Floats
    alpha: Floats


def graded(votes: Votes, levels: tuple[float, ...]) -> Fit:
    """Fit by variational expectation–maximisation.

    levels (D,): the probability, in (0, 1], that a vote goes by the annotator's confusion matrix; otherwise
    it goes by the annotator's answers overall.

    An answer such as "maybe" is given where an item is hard, and a likelihood would make it the truth of the
    hard items. A class that turns out true of more than CLAIM times the items that its votes would make, all
    items being alike, is therefore no truth but a hedge: the model is fitted without it.
    """
    fit, truths = _without_hedges(votes)
    return fit if levels == ALIKE else _fitted(votes, truths, np.asarray(levels))


def _without_hedges(votes: Votes) -> tuple[Fit, Codes]:
    """Return the fit where all items are alike, and its classes (C,), two or more."""
    named = np.maximum(shares(votes).mean(axis=0), 1 / len(votes.item))
    truths = np.arange(len(named))
    while True:
        fit = _fitted(votes, truths, np.asarray(ALIKE))
        claimed = fit.posterior.mean(axis=0)[truths] / named[truths]
        if len(truths) <= 2 or claimed.max() <= CLAIM:
            return fit, truths
        truths = np.delete(truths, claimed.argmax())


def _fitted(votes: Votes, truths: Codes, grade: Floats) -> Fit:
    start = shares(votes)[:, truths] + 1e-6
    start /= start.sum(axis=1, keepdims=True)
    habit = _habit(votes)
    diagonal = np.arange(len(votes.classes))[:, None] == truths
    alpha = np.where(diagonal, 2.0, 2.0 / len(votes.classes))
    joint = np.repeat(start / len(grade), len(grade), axis=1)
    state = _State(joint, votes.pairs.transposed @ start, alpha)
    for step in range(ITERATIONS):
        before, state = state, _iterated(votes, state, grade, habit, learn=step > 0)
        if converged(state.joint, before.joint, TOLERANCE):
            break
    return _fit(votes, truths, before, state, grade, habit)


def _iterated(votes: Votes, state: _State, grade: Floats, habit: Floats, *, learn: bool) -> _State:
    pairs = votes.pairs
    shape = (-1, state.alpha.shape[1], len(grade))
    totals = summed(pairs.annotator, state.counts, len(votes.annotators))
    alpha = fitted_dirichlet(pairs.answer, state.counts, totals, state.alpha) if learn else state.alpha
    confused = np.exp(
        digamma(state.counts + alpha[pairs.answer]) - digamma(totals + alpha.sum(axis=0))[pairs.annotator]
    )
    by_matrix = grade * confused[:, :, None]
    mixed = by_matrix + (1 - grade) * habit[:, None, None]
    evidence = pairs.matrix @ np.log(mixed).reshape(len(pairs.answer), -1)
    joint = normalized(evidence + _log_prior(state.joint.reshape(shape)))
    counts = ((pairs.transposed @ joint).reshape(shape) * (by_matrix / mixed)).sum(axis=2)
    return _State(joint, counts, alpha)


def _log_prior(masses: Floats) -> Floats:
    """Return the logarithm (C·D,) of the share of each class and level, of masses (N, C, D)."""
    prior = np.log(masses.sum(axis=(0, 2)) + 1)[:, None] + np.log(masses.sum(axis=(0, 1)) + 1)
    return np.asarray((prior - logsumexp(prior)).ravel())


def _habit(votes: Votes) -> Floats:
    """Return the share of each pair's answer among its annotator's votes (P,), two of everyone's added."""
    pairs = votes.pairs
    return np.asarray(
        (pairs.votes + 2 * votes.answer_shares[pairs.answer]) / (votes.per_annotator + 2)[pairs.annotator]
    )


def _fit(votes: Votes, truths: Codes, before: _State, state: _State, grade: Floats, habit: Floats) -> Fit:
    pairs = votes.pairs
    items, annotators, classes = votes.shape
    alpha, counts = state.alpha, before.counts
    totals = summed(pairs.annotator, counts, annotators) + alpha.sum(axis=0)
    known = pairs.annotator * classes + pairs.answer

    def given_state(annotator: Codes, answer: Codes) -> Floats:
        cell = annotator * classes + answer
        place = np.minimum(np.searchsorted(known, cell), len(known) - 1)
        seen = known[place] == cell
        count = np.where(seen[:, None], counts[place], 0)
        confused = (count + alpha[answer]) / totals[annotator]
        unseen = 2 * votes.answer_shares[answer] / (votes.per_annotator + 2)[annotator]
        usual = np.where(seen, habit[place], unseen)
        mixed = grade * confused[:, :, None] + (1 - grade) * usual[:, None, None]
        return np.asarray(mixed.reshape(len(annotator), -1))

    masses = state.joint.reshape(items, len(truths), len(grade))
    posterior = np.zeros((items, classes))
    posterior[:, truths] = masses.sum(axis=2)
    return Fit(posterior, AnswerModel(np.exp(_log_prior(masses)), given_state))
