"""What the labels of a row's copies say about its own: copies with two labels can't all be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import logsumexp

FLOOR = 1e-6  # of a transition: no label is impossible
BELIEVED = 0.9  # share of groups whose rows are of one class, before any was seen …
GROUPS = 5.0  # … and how many groups that belief counts for


@dataclass(frozen=True)
class HeardCopies:
    """Rows after their copies were heard: log-odds (N,) that the label is wrong, posterior (N, K)."""

    error_odds: NDArray[np.float64]
    posterior: NDArray[np.float64]


def weigh_copies(
    given: NDArray[np.integer],
    error: NDArray[np.floating],
    posterior: NDArray[np.floating] | None,
    others: NDArray[np.floating],
    transition: NDArray[np.float64],
    shares: NDArray[np.float64],
    together: NDArray[np.float64] | float,
) -> HeardCopies:
    """Bayes' rule: P(true class) of each row, times how likely its copies' labels are under each class.

    given, error (N,), posterior (N, K) of the true class (None: from error, transition and shares alone);
    others (N, K): how many of its copies bear each label; transition (K, K), rows = true class; shares (K,)
    of the labels; together (N,) or one: P(a group is of one class). Copies' labels are taken as given
    independently.
    """
    rows = np.arange(len(given))
    prior = _prior(given, error, transition, shares) if posterior is None else np.asarray(posterior, float)
    log_one = others @ np.log(np.maximum(transition, FLOOR)).T
    log_any = others @ np.log(np.maximum(shares, FLOOR))
    sure = np.clip(np.broadcast_to(together, len(given)), FLOOR, 1 - FLOOR)[:, None]
    log_likelihood = np.logaddexp(np.log(sure) + log_one, np.log1p(-sure) + log_any[:, None])
    log_post = np.log(np.maximum(prior, 1e-30)) + log_likelihood
    log_post -= logsumexp(log_post, axis=1, keepdims=True)
    others_wrong = log_post.copy()
    others_wrong[rows, given] = -np.inf
    odds = logsumexp(others_wrong, axis=1) - log_post[rows, given]  # not 1 - own: it would round to 0
    return HeardCopies(odds, np.exp(log_post))


def one_class_share(counts: NDArray[np.floating] | csr_array, transition: NDArray[np.float64]) -> float:
    """Share of groups of copies whose rows are all of one class, by how often their labels agree.

    counts (G, K), dense or sparse: labels in each group. Two labels of one class agree as the transition
    says, of two classes as chance does; what lies between is the share. Few groups are outweighed by the
    belief of nine tenths.
    """
    total = counts.sum(axis=1)
    pairs = total * (total - 1)
    agree = np.divide((counts**2).sum(axis=1) - total, pairs, out=np.ones(len(total)), where=pairs > 0)
    shares = counts.sum(axis=0) / max(counts.sum(), 1.0)
    same, chance = float(shares @ (transition**2).sum(axis=1)), float(shares @ shares)
    seen = len(total)
    if same - chance < FLOOR or not seen:
        return BELIEVED
    share = float(np.clip((agree.mean() - chance) / (same - chance), 0.0, 1.0))
    return (share * seen + BELIEVED * GROUPS) / (seen + GROUPS)


def _prior(
    given: NDArray[np.integer],
    error: NDArray[np.floating],
    transition: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """P(true class) (N, K) where only the error probability is known: others as the transition says."""
    rows = np.arange(len(given))
    prior = (np.maximum(transition, FLOOR) * np.maximum(shares, FLOOR)[:, None]).T[given]
    prior[rows, given] = 0.0
    prior *= (np.asarray(error, float) / prior.sum(axis=1))[:, None]
    prior[rows, given] = 1.0 - np.asarray(error, float)
    return np.asarray(prior)
